/**
 * What an auditor finds when it holds its own outputs beside those that a provider gave.
 *
 * Exact inside one numeric class. Across classes activations are compared by fingerprint, and drawn tokens
 * one by one: the draw of a position is a function of seed and position, so that honest devices draw
 * the same but at near-ties.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import { bytes, decodeShape, encodeShape, list, record, uint } from '../../core/cbor-shape.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  ALIKE_PERMILLE_MIN,
  decodeFingerprint,
  encodeFingerprint,
  fingerprintOf,
  isAlike,
  likenessOf,
} from '../../models/index.ts'
import { AUDIT_LIMITS, type Finding } from '../../protocols/audit/index.ts'
import { type DrawnToken, drawnOf, leafOf } from '../../protocols/inference/index.ts'

const { COMPARED_MAX, PART_BYTES_MAX } = AUDIT_LIMITS

/** Of the tokens that were drawn, at least this share is the same across classes, in thousandths. */
const TOKENS_PERMILLE_MIN = 750
const TOKENS_MAX = 4_096

/** Logarithms of probabilities differ by less between honest devices, by factors. */
const MARGIN_NATS_MAX = 0.05

/** Outputs of the requests of a task, by request. */
export type Outputs = ReadonlyMap<number, readonly Tensor[]>

/** The leaf of each output. A tensor with nothing in it says nothing, and is left out. */
export function outputLeaves(outputs: Outputs, sha256: Sha256): ReadonlyMap<number, Uint8Array> {
  return new Map(
    [...outputs].map(([request, tensors]) => [request, leafOf(filled(tensors), sha256)]),
  )
}

export interface FindingInit {
  /** True when both are of one numeric class. */
  readonly sameClass: boolean
  /** True when a token was claimed that this device would not have drawn: {@link isDoubted}. */
  readonly doubted: boolean
  readonly sha256: Sha256
}

/** What is found, by an auditor of the same numeric class or of another. */
export function findingOf(
  own: Outputs,
  claimed: Outputs,
  { sameClass, doubted, sha256 }: FindingInit,
): Finding {
  const leaves = outputLeaves(claimed, sha256)
  const equal = [...outputLeaves(own, sha256)].every(([request, leaf]) =>
    bytesEqual(leaf, leaves.get(request) ?? new Uint8Array()),
  )
  if (equal) return 'same'
  if (sameClass || doubted) return 'different'
  return areAlike(summariesOf(own), summariesOf(claimed)) ? 'alike' : 'different'
}

/** What was drawn at each request, where only the likeliest token can be. */
export type Draws = ReadonlyMap<number, readonly DrawnToken[]>

/**
 * True when a token was claimed that is less likely than the likeliest one by more than rounding can
 * tell: other weights show in what is drawn at near-ties long before they show in most tokens
 * (Token-DiFR, arXiv 2511.20621, 2025).
 */
export function isDoubted(own: Draws, claimed: Outputs): boolean {
  return [...own].some(([request, draws]) =>
    (drawnOf(claimed.get(request) ?? []) ?? []).some(({ token }, at) => {
      const draw = draws[at]
      return draw !== undefined && marginOf(draw, token) > MARGIN_NATS_MAX
    }),
  )
}

/** By how much `token` is less likely than what was drawn, in nats; no limit for one that is not among the likely. */
function marginOf({ token: drawn, logprob = 0, alternatives }: DrawnToken, token: number): number {
  if (token === drawn) return 0
  const other = alternatives.find((alternative) => alternative.token === token)
  return other === undefined ? Number.POSITIVE_INFINITY : logprob - other.logprob
}

const SUMMARY = record({
  request: uint(AUDIT_LIMITS.REQUESTS_MAX - 1),
  activations: bytes(0, PART_BYTES_MAX),
  tokens: list(uint(2 ** 32 - 1), TOKENS_MAX),
})
const SUMMARIES = list(SUMMARY, COMPARED_MAX)

interface Summary {
  readonly request: number
  readonly activations: Uint8Array
  readonly tokens: readonly number[]
}

/** What is handed on of outputs, for others to compare their own with. */
export function encodeOutputs(outputs: Outputs): Uint8Array {
  return encodeShape(SUMMARIES, summariesOf(outputs))
}

/** True when `own` outputs are like those that another auditor handed on. */
export function areLike(own: Outputs, handedOn: Uint8Array): boolean {
  const decoded = decodeShape(SUMMARIES, handedOn)
  return decoded.type === 'value' && areAlike(summariesOf(own), decoded.value)
}

function summariesOf(outputs: Outputs): readonly Summary[] {
  return [...outputs].map(([request, tensors]) => ({
    request,
    activations: encodeFingerprint(fingerprintOf(filled(tensors))),
    tokens: (drawnOf(tensors) ?? []).slice(0, TOKENS_MAX).map(({ token }) => token),
  }))
}

function areAlike(own: readonly Summary[], other: readonly Summary[]): boolean {
  const others = new Map(other.map((summary) => [summary.request, summary]))
  let compared = 0
  let alike = 0
  let tokens = 0
  let sameTokens = 0
  for (const summary of own) {
    const beside = others.get(summary.request)
    if (beside === undefined || beside.tokens.length !== summary.tokens.length) return false
    const [mine, its] = [summary, beside].map(({ activations }) => decodeFingerprint(activations))
    const likeness = mine === undefined || its === undefined ? undefined : likenessOf(mine, its)
    if (likeness !== undefined) {
      compared++
      if (isAlike(likeness)) alike++
    }
    tokens += summary.tokens.length
    sameTokens += summary.tokens.filter((token, at) => token === beside.tokens[at]).length
  }
  if (compared + tokens === 0) return false
  return (
    1_000 * alike >= ALIKE_PERMILLE_MIN * compared &&
    1_000 * sameTokens >= TOKENS_PERMILLE_MIN * tokens
  )
}

function filled(tensors: readonly Tensor[]): readonly Tensor[] {
  return tensors.filter(({ data }) => data.length > 0)
}
