/**
 * What grammars need to know of a vocabulary: its tokens as bytes, and what lexical rules make of them.
 *
 * A lexical rule accepts a token whole, or ends within it; neither depends on what surrounds the
 * rule. Each of its states therefore has one mask for all places and all grammars, and a list of
 * the tree's nodes at which it may have ended (the adaptive token mask cache of XGrammar; Dong et
 * al. 2024, section 3.1).
 *
 * @module
 */

import type { TokenMask } from '../sampling/token-constraint.ts'
import { LEXICALS_MAX, MASKS_MAX } from '../limits.ts'
import type { Expression } from './expression.ts'
import { Lexical, type LexicalState } from './lexical.ts'
import { MaskBudget } from './mask-budget.ts'
import { RecentMap } from './recent-map.ts'
import { isText, tokenTrie, type TokenTrie } from './token-trie.ts'

/** What a state of a lexical rule makes of the vocabulary. */
export interface LexicalTokens {
  /** Tokens that it reads to their end. */
  readonly mask: TokenMask
  /** Nodes after which the rule may have ended, and that longer tokens lead through. */
  readonly exits: Int32Array
}

/** One vocabulary. It serves any number of grammars and texts. */
export class TokenVocabulary {
  readonly trie: TokenTrie
  readonly #tokens: readonly Uint8Array[]
  readonly #lexicals = new RecentMap<string, Lexical>(LEXICALS_MAX)
  readonly #masks = new RecentMap<LexicalState, LexicalTokens | undefined>(MASKS_MAX)
  readonly #path: (LexicalState | null)[]
  readonly #exits: Int32Array

  /** @param tokens - The bytes of each token by its id; none for tokens that are no text, such as control tokens. */
  constructor(tokens: readonly Uint8Array[]) {
    this.#tokens = tokens
    this.trie = tokenTrie(tokens)
    this.#path = Array.from({ length: this.trie.depthMax + 1 }, () => null)
    this.#exits = new Int32Array(this.trie.bytes.length)
  }

  /** The automaton of a rule that calls no other; the same one for equal rules. */
  lexicalOf(expression: Expression): Lexical {
    return this.#lexicals.get(JSON.stringify(expression), () => new Lexical(expression))
  }

  /** What `state` makes of the vocabulary; undefined where working it out takes too long. */
  read(state: LexicalState): LexicalTokens | undefined {
    return this.#masks.get(state, () => this.#walk(state))
  }

  /** The bytes of a token; undefined where it is no text. */
  textOf(token: number): Uint8Array | undefined {
    const bytes = this.#tokens[token]
    return bytes !== undefined && isText(bytes) ? bytes : undefined
  }

  #walk(state: LexicalState): LexicalTokens | undefined {
    const { bytes, depths, ends, tokens, size } = this.trie
    const { lexical } = state
    const path = this.#path
    const mask = new Uint32Array(Math.ceil(size / 32))
    const budget = new MaskBudget(bytes.length)
    let exits = 0
    path[0] = state
    for (let node = 0; node < bytes.length;) {
      const depth = depths[node] as number
      const byte = bytes[node] as number
      const at = path[depth - 1] as LexicalState
      const next = lexical.step(at, byte)
      budget.spend(at, lexical.classes[byte] as number)
      if (budget.spent) return undefined
      if (next === null) {
        node = ends[node] as number
        continue
      }
      this.mark(mask, tokens[node] as number)
      const end = ends[node] as number
      if (next.final && end > node + 1) this.#exits[exits++] = node
      path[depth] = next
      node = next.open ? node + 1 : end
    }
    return { mask, exits: this.#exits.slice(0, exits) }
  }

  /** Sets the bits of `token`, unless it is -1, and of those that have the same bytes. */
  mark(mask: TokenMask, token: number): void {
    for (let id = token; id >= 0; id = this.trie.twins[id] as number) {
      mask[id >>> 5] = (mask[id >>> 5] as number) | (1 << (id & 31))
    }
  }
}
