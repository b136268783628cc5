/**
 * The proof that a domain made two statements of one epoch, told to different peers.
 *
 * It needs nothing but itself, the mesh and the key of the owner. A domain that repeats a statement
 * word for word is not at fault, however often it signs it.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import { encodeShape, record } from '../core/cbor-shape.ts'
import type { Crypto } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { type SignedRecord, signedRecord } from '../core/signed-record.ts'
import { domainIdOf } from './domain.ts'
import { accept, refuse, type Result } from './errors.ts'
import { STATEMENT_BYTES_MAX, STATEMENT_FORK_BYTES_MAX, TRUST_VERSION } from './limits.ts'
import { decodeStatement, openStatement } from './statement.ts'
import { decodeVersioned, version } from './versioned.ts'

const FORK = record({
  v: version(),
  owner: peerId(),
  one: signedRecord(STATEMENT_BYTES_MAX),
  other: signedRecord(STATEMENT_BYTES_MAX),
})

/** Who is proven to be at fault. */
export interface StatementFork {
  readonly owner: PeerId
  readonly network: Uint8Array
  readonly domain: Uint8Array
  readonly epoch: number
}

/** The two statements as a proof: at most {@link STATEMENT_FORK_BYTES_MAX} bytes. */
export function encodeStatementFork(
  owner: PeerId,
  one: SignedRecord,
  other: SignedRecord,
): Uint8Array {
  return encodeShape(FORK, { v: TRUST_VERSION, owner, one, other })
}

/** What `encoded` proves, when it holds. */
export function verifyStatementFork(crypto: Crypto, encoded: Uint8Array): Result<StatementFork> {
  const decoded = decodeVersioned(FORK, encoded, STATEMENT_FORK_BYTES_MAX)
  if (decoded.type === 'refused') return decoded
  const { owner, one, other } = decoded.value
  const statement = decodeStatement(one.body)
  if (statement.type === 'refused') return statement
  const { network, domain, epoch } = statement.value
  if (!bytesEqual(domain, domainIdOf(crypto.sha256, { network, owner }))) {
    return refuse('TRUST_PROOF_INVALID', 'expected statements of the domain of the owner')
  }
  const context = { verify: crypto.verify, network, ownerOf: () => owner }
  const [first, second] = [openStatement(context, one), openStatement(context, other)]
  if (first.type === 'refused') return first
  if (second.type === 'refused') return second
  const sameSubject = bytesEqual(second.value.domain, domain) && second.value.epoch === epoch
  return sameSubject && !bytesEqual(one.body, other.body)
    ? accept({ owner, network, domain, epoch })
    : refuse('TRUST_PROOF_INVALID', 'expected two statements of one epoch that differ')
}
