/**
 * Names of things, kept apart by the type checker.
 *
 * Every id but a PeerId is a SHA-256 in lower-case hexadecimal, or random bytes
 * in the same form; a PeerId is the base58 text that libp2p prints for an Ed25519 key.
 *
 * @module
 */

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A device: the text form of its Ed25519 key, `12D3Koo…`. */
export type PeerId = Branded<'PeerId'>
/** A mesh: SHA-256 of its genesis, in hex. */
export type MeshId = Branded<'MeshId'>
/** A model: SHA-256 of its manifest, in hex. */
export type ModelId = Branded<'ModelId'>
/** A blob: SHA-256 of its bytes, in hex. */
export type BlobId = Branded<'BlobId'>
/** A job: 16 random bytes, in hex. */
export type JobId = Branded<'JobId'>
/** A session of /brume/inference/1: 16 random bytes, in hex. */
export type SessionId = Branded<'SessionId'>

const HEX_32 = /^[0-9a-f]{64}$/
const HEX_16 = /^[0-9a-f]{32}$/
const PEER = /^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/

/** `text` as a PeerId, or undefined when it is none (an Ed25519 key in base58, 52 characters). */
export function asPeerId(text: string): PeerId | undefined {
  return PEER.test(text) ? (text as PeerId) : undefined
}

/** `text` as a MeshId, or undefined when it is none. */
export function asMeshId(text: string): MeshId | undefined {
  return HEX_32.test(text) ? (text as MeshId) : undefined
}

/** `text` as a ModelId, or undefined when it is none. */
export function asModelId(text: string): ModelId | undefined {
  return HEX_32.test(text) ? (text as ModelId) : undefined
}

/** `text` as a BlobId, or undefined when it is none. */
export function asBlobId(text: string): BlobId | undefined {
  return HEX_32.test(text) ? (text as BlobId) : undefined
}

/** `text` as a JobId, or undefined when it is none. */
export function asJobId(text: string): JobId | undefined {
  return HEX_16.test(text) ? (text as JobId) : undefined
}

/** `text` as a SessionId, or undefined when it is none. */
export function asSessionId(text: string): SessionId | undefined {
  return HEX_16.test(text) ? (text as SessionId) : undefined
}
