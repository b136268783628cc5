/**
 * What a receipt commits to: a leaf for the tensors of one request at one cut, a root for all of them.
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { Tensor } from '../../core/tensor.ts'

/**
 * SHA-256 over the tensors of one request, as they travel: for each the name, type and shape,
 * then the hash of its bytes. The stage before and the stage after compute the same leaf.
 */
export function leafOf(tensors: readonly Tensor[], sha256: Sha256): Uint8Array {
  const parts = tensors.flatMap(({ name, type, dims, data }) => [
    utf8(`${name}\0${type}\0${dims.join(',')}\0`),
    sha256(data),
  ])
  return sha256(concatBytes(parts))
}

/** SHA-256 over `request (u32 LE) ‖ leaf` in ascending order, for the requests that are in `done`. */
export function rootOf(
  leaves: ReadonlyMap<number, Uint8Array>,
  done: ReadonlyMap<number, unknown>,
  sha256: Sha256,
): Uint8Array {
  const ordered = [...leaves]
    .filter(([request]) => done.has(request))
    .toSorted((a, b) => a[0] - b[0])
  return sha256(
    concatBytes(
      ordered.flatMap(([request, leaf]) => {
        const index = new Uint8Array(4)
        new DataView(index.buffer).setUint32(0, request, true)
        return [index, leaf]
      }),
    ),
  )
}

/** SHA-256 over the receipt's signed bytes: what the last result in the ledger names. */
export function receiptHash(
  message: Uint8Array,
  signature: Uint8Array,
  sha256: Sha256,
): Uint8Array {
  return sha256(concatBytes([message, signature]))
}
