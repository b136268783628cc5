/**
 * The tokens of a vocabulary as a tree of their bytes, laid out in the order in which it is walked.
 *
 * @module
 */

/** Nodes in preorder: children stand behind their parent, and a subtree is a run of nodes. */
export interface TokenTrie {
  /** How many tokens there are, those without bytes counted. */
  readonly size: number
  /** The byte that leads to each node. */
  readonly bytes: Uint8Array
  /** How many bytes lead to each node, from 1. */
  readonly depths: Uint16Array
  /** Behind the last node of each subtree. */
  readonly ends: Int32Array
  /** The first token that ends at each node, or -1. */
  readonly tokens: Int32Array
  /** The next token of the same bytes, by token, or -1. */
  readonly twins: Int32Array
  /** Bytes of the longest token. */
  readonly depthMax: number
}

/** Bytes of a token that can be part of a text; longer ones are left out, as those without bytes are. */
const TOKEN_BYTES_MAX = 1_024

/** The tree of `tokens`. Those that are no text, such as control tokens, have no bytes. */
export function tokenTrie(tokens: readonly Uint8Array[]): TokenTrie {
  const order = Array.from(tokens.keys())
    .filter((id) => isText(tokens[id] ?? new Uint8Array()))
    .toSorted((a, b) => compare(tokens[a] as Uint8Array, tokens[b] as Uint8Array) || a - b)
  const nodesMax = order.reduce((sum, id) => sum + (tokens[id]?.length ?? 0), 0)
  const bytes = new Uint8Array(nodesMax)
  const depths = new Uint16Array(nodesMax)
  const ends = new Int32Array(nodesMax)
  const ending = new Int32Array(nodesMax).fill(-1)
  const twins = new Int32Array(tokens.length).fill(-1)
  const path: number[] = []
  let count = 0
  let before: Uint8Array = new Uint8Array()
  let last = -1
  for (const id of order) {
    const token = tokens[id] as Uint8Array
    const kept = equalBytes(before, token)
    if (kept === token.length && kept === before.length) {
      twins[last] = id
    } else {
      while (path.length > kept) ends[path.pop() as number] = count
      for (const byte of token.subarray(kept)) {
        bytes[count] = byte
        path.push(count++)
        depths[count - 1] = path.length
      }
      ending[count - 1] = id
    }
    before = token
    last = id
  }
  while (path.length > 0) ends[path.pop() as number] = count
  return {
    size: tokens.length,
    bytes: bytes.slice(0, count),
    depths: depths.slice(0, count),
    ends: ends.slice(0, count),
    tokens: ending.slice(0, count),
    twins,
    depthMax: depths.reduce((a, b) => Math.max(a, b), 0),
  }
}

/** Whether a token can be part of a text. */
export function isText(token: Uint8Array): boolean {
  return token.length > 0 && token.length <= TOKEN_BYTES_MAX
}

function compare(a: Uint8Array, b: Uint8Array): number {
  const equal = equalBytes(a, b)
  return (a[equal] ?? -1) - (b[equal] ?? -1)
}

/** How many bytes two tokens begin with together. */
function equalBytes(a: Uint8Array, b: Uint8Array): number {
  const lengthMax = Math.min(a.length, b.length)
  let at = 0
  while (at < lengthMax && a[at] === b[at]) at++
  return at
}
