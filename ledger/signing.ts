/**
 * What a signature in a ledger covers, and the name of what is signed.
 *
 * The bytes are `"brume/<kind>/v1\0" ‖ network (32) ‖ SHA-256(body)`: a signature under one kind
 * of record, or in one mesh, never stands under another. Their SHA-256 is the id of the record,
 * so that it names kind, mesh and content at once and not the signature, of which a
 * dishonest signer can make several.
 *
 * @module
 */

import { concatBytes, utf8 } from '../core/bytes.ts'
import type { Crypto, Sha256, Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import type { SignedRecord } from '../core/signed-record.ts'

/** Bytes of a hash, of an id in this room, and of a network. */
export const HASH_BYTES = 32

/** Kinds of records that devices sign. */
export type SignedKind =
  | 'head'
  | 'cosignature'
  | 'order'
  | 'accept'
  | 'result'
  | 'settle'
  | 'dispute'
  | 'reveal'

/** The hashing of this process, and the mesh whose ledgers are meant. */
export interface LedgerContext {
  readonly crypto: Crypto
  /** SHA-256 of the mesh's genesis: {@link HASH_BYTES} bytes. */
  readonly network: Uint8Array
}

type Hashing = Pick<LedgerContext, 'network'> & { readonly crypto: { readonly sha256: Sha256 } }

/** What the bytes begin with, by kind. */
const PREFIXES = new Map<SignedKind, Uint8Array>()

function prefixOf(kind: SignedKind): Uint8Array {
  const known = PREFIXES.get(kind)
  if (known !== undefined) return known
  const prefix = utf8(`brume/${kind}/v1\0`)
  PREFIXES.set(kind, prefix)
  return prefix
}

/** The bytes that are signed for a record of `kind`. */
export function signingPreimage(
  { crypto, network }: Hashing,
  kind: SignedKind,
  body: Uint8Array,
): Uint8Array {
  return concatBytes([prefixOf(kind), network, crypto.sha256(body)])
}

/** The id of a record: {@link HASH_BYTES} bytes. */
export function signedId(context: Hashing, kind: SignedKind, body: Uint8Array): Uint8Array {
  return context.crypto.sha256(signingPreimage(context, kind, body))
}

/** `body` as a record of `kind` by `signer`. */
export function signBody(
  context: Hashing,
  signer: Signer,
  kind: SignedKind,
  body: Uint8Array,
): SignedRecord {
  return { body, signature: signer.sign(signingPreimage(context, kind, body)) }
}

/** True when `author` signed this record as one of `kind` in this mesh. */
export function isSigned(
  context: LedgerContext,
  author: PeerId,
  kind: SignedKind,
  signed: SignedRecord,
): boolean {
  const preimage = signingPreimage(context, kind, signed.body)
  return context.crypto.verify(author, preimage, signed.signature)
}
