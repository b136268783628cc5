/**
 * What work gives in a simulated mesh with audits: a number for each request, which honest devices have to within a little.
 *
 * @module
 */

import { bytesEqual, utf8 } from '../../core/bytes.ts'
import { resultOf } from '../../protocols/audit/index.ts'
import { simCrypto } from '../sim-crypto.ts'

/** Values lie so far apart that nothing honest confuses them. */
export const VALUE_STEP = 100

/** The bytes of results. */
export function resultBytes(results: readonly number[]): Uint8Array {
  return utf8(results.join())
}

/** True for the same bits. */
export function areSame(one: readonly number[], other: readonly number[]): boolean {
  return bytesEqual(resultBytes(one), resultBytes(other))
}

/** True for results that honest devices may have of the same work. */
export function areAlike(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, at) => isNear(value, other[at]))
}

/** The hash that stands for the results of some requests, as verdicts have it. */
export function hashOfResults(requests: readonly number[], results: readonly number[]): Uint8Array {
  const leaves = requests.map((request, at) => {
    return [request, simCrypto.sha256(resultBytes([results[at] ?? 0]))] as const
  })
  return resultOf(simCrypto.sha256, new Map(leaves))
}

function isNear(value: number, other: number | undefined): boolean {
  return other !== undefined && Math.abs(value - other) < VALUE_STEP / 2
}
