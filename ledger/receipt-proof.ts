/**
 * One receipt as a file of its own: its halves, and that those of one party stand in that party's ledger.
 *
 * Nothing is shown of the rest of the ledger but one signed head, and the witnesses who hold it.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type ShapeOf,
  uint,
} from '../core/cbor-shape.ts'
import { SIGNATURE_BYTES } from '../core/crypto.ts'
import { peerId } from '../core/id-shapes.ts'
import type { PeerId } from '../core/ids.ts'
import { PROOF_HASHES_MAX, rootOfInclusion } from '../core/merkle-proof.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import { OTHER_HALF } from './bundle-items.ts'
import { isCosignatureOf, openCosignature } from './cosignature.ts'
import { decodeEntry, entryId } from './entry.ts'
import { accept, refuse, type Refused, type Result } from './errors.ts'
import { logIdOf } from './genesis.ts'
import { type Half, halfKindOf, openHalf, SIGNED_HALF } from './halves.ts'
import { type Head, openHead, SIGNED_HEAD } from './head.ts'
import {
  COSIGNATURE_BODY_BYTES_MAX,
  ENTRY_BYTES_MAX,
  LEDGER_VERSION,
  RECEIPT_PROOF_BYTES_MAX,
  RECEIPT_ROUNDS_MAX,
} from './limits.ts'
import { foldReceipt, type Receipt } from './receipt.ts'
import { HASH_BYTES, type LedgerContext } from './signing.ts'
import { version } from './versioned.ts'

/** Order, accept, acknowledgement and reveal, and two halves a round. */
const HALVES_MAX = 2 * RECEIPT_ROUNDS_MAX + 4
const COSIGNATURES_MAX = 16

/** A half that is an entry of the ledger, and the way from it to the head's root. */
const OWN_HALF = record({
  entry: bytes(1, ENTRY_BYTES_MAX),
  inclusion: list(bytes(HASH_BYTES), PROOF_HASHES_MAX),
})

const RECEIPT_PROOF = record({
  v: version(),
  /** Beside those of proofs of equivocation. */
  type: uint(2),
  network: bytes(HASH_BYTES),
  /** Whose ledger it is from. */
  device: peerId(),
  head: SIGNED_HEAD,
  cosignatures: list(
    record({
      witness: peerId(),
      body: bytes(1, COSIGNATURE_BODY_BYTES_MAX),
      signature: bytes(SIGNATURE_BYTES),
    }),
    COSIGNATURES_MAX,
  ),
  /** In the order in which they were signed: each is one's own, or the other party's. */
  halves: list(record({ own: optional(OWN_HALF), other: optional(OTHER_HALF) }), HALVES_MAX),
})

type Fields = ShapeOf<typeof RECEIPT_PROOF>

export type ReceiptProof = Omit<Fields, 'v' | 'type'>
export type ProofHalf = Fields['halves'][number]

const TYPE = 2

/** The one encoding of a proof. */
export function encodeReceiptProof(proof: ReceiptProof): Uint8Array {
  return encodeShape(RECEIPT_PROOF, { v: LEDGER_VERSION, type: TYPE, ...proof })
}

/** A proof that holds. */
export interface ProvenReceipt {
  readonly network: Uint8Array
  readonly device: PeerId
  readonly head: Head
  readonly receipt: Receipt
  /** Who signed that it holds the head. */
  readonly witnesses: readonly PeerId[]
}

/** The receipt that `encoded` proves. */
export function verifyReceiptProof(
  crypto: LedgerContext['crypto'],
  encoded: Uint8Array,
): Result<ProvenReceipt> {
  if (encoded.length > RECEIPT_PROOF_BYTES_MAX) {
    return refuse('LEDGER_TOO_LONG', `expected a proof of ≤ ${RECEIPT_PROOF_BYTES_MAX} bytes`)
  }
  const decoded = decodeShape(RECEIPT_PROOF, encoded)
  if (decoded.type === 'refused' || decoded.value.type !== TYPE) {
    return refuse('LEDGER_MALFORMED', 'expected the proof of a receipt')
  }
  const { network, device, halves, cosignatures } = decoded.value
  const context = { crypto, network }
  const head = openHead(context, device, decoded.value.head)
  if (head.type === 'refused') return head
  if (!bytesEqual(head.value.log, logIdOf(crypto.sha256, network, device))) {
    return refuse('LEDGER_LOG_FOREIGN', 'expected a head of the log of its device')
  }
  const opened: Half[] = []
  for (const half of halves) {
    const result = openProofHalf(context, head.value, half)
    if (result.type === 'refused') return result
    opened.push(result.value)
  }
  const receipt = foldReceipt(context, opened)
  if (receipt.type === 'refused') return receipt
  const witnesses = cosignatures.map((cosignature) => witnessOf(context, head.value, cosignature))
  const unsigned = witnesses.find((witness) => witness.type === 'refused')
  if (unsigned?.type === 'refused') return unsigned
  const names = witnesses.flatMap((witness) => (witness.type === 'value' ? [witness.value] : []))
  return accept({ network, device, head: head.value, receipt: receipt.value, witnesses: names })
}

function openProofHalf(
  context: LedgerContext,
  head: Head,
  { own, other }: ProofHalf,
): Result<Half> {
  if ((own === undefined) === (other === undefined)) {
    return refuse('LEDGER_MALFORMED', 'expected a half of one of both parties')
  }
  if (own !== undefined) return openOwnHalf(context, head, own)
  const kind = halfKindOf(other?.kind ?? 0)
  if (kind === undefined || other === undefined) return unknownKind()
  return openHalf(context, kind, { body: other.body, signature: other.signature })
}

function openOwnHalf(
  context: LedgerContext,
  head: Head,
  { entry: encoded, inclusion }: ShapeOf<typeof OWN_HALF>,
): Result<Half> {
  const { sha256 } = context.crypto
  const entry = decodeEntry(encoded)
  if (entry.type === 'refused') return entry
  const { log, seq, kind: entryKind, body } = entry.value
  const place = { index: seq, size: head.size }
  const root = rootOfInclusion(sha256, place, entryId(sha256, encoded), inclusion)
  if (!bytesEqual(log, head.log) || root === undefined || !bytesEqual(root, head.root)) {
    return refuse('LEDGER_PROOF_INVALID', `expected entry ${seq} under the head`)
  }
  const kind = halfKindOf(entryKind)
  const signed = decodeShape(SIGNED_HALF, Uint8Array.from(body))
  if (kind === undefined || signed.type === 'refused') return unknownKind()
  return openHalf(context, kind, signed.value)
}

function unknownKind(): Refused {
  return refuse('LEDGER_MALFORMED', 'expected a half of a receipt')
}

function witnessOf(
  context: LedgerContext,
  head: Head,
  { witness, ...signed }: SignedRecord & { readonly witness: PeerId },
): Result<PeerId> {
  const cosignature = openCosignature(context, witness, signed)
  if (cosignature.type === 'refused') return cosignature
  return isCosignatureOf(cosignature.value, head)
    ? accept(witness)
    : refuse('LEDGER_HEAD_MISMATCH', 'expected a cosignature of the head')
}
