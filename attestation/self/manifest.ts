/**
 * The manifest of a release: its version and files, in COSE_Sign1 by a release key.
 *
 * @module
 */

import { bytes, encodeShape, list, record, type ShapeOf, text } from '../../core/cbor-shape.ts'
import { signDevicePayload } from '../cose/device-sign1.ts'

const FILES_MAX = 1_000

export const releaseManifest = record({
  version: text(64),
  files: list(record({ path: text(256), sha256: bytes(32) }), FILES_MAX),
})

export type ReleaseManifest = ShapeOf<typeof releaseManifest>

/** @param sign - By an Ed25519 key that devices know as a release key. */
export function signManifest(
  manifest: ReleaseManifest,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  return signDevicePayload(encodeShape(releaseManifest, manifest), new Uint8Array(), sign)
}
