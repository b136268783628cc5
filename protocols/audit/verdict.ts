/**
 * What an auditor found when it ran a task again: signed, and bound to what it had committed to before
 * it saw the answer of the provider.
 *
 * @module
 */

import { bytesEqual, concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import { decodeCbor } from '../../core/canonical-cbor.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { Crypto, Sha256, Signer } from '../../core/crypto.ts'
import { peerId } from '../../core/id-shapes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  isSignedBy,
  type SignedRecord,
  signedRecord,
  signRecord,
} from '../../core/signed-record.ts'
import { accept, refuse, type Result } from './errors.ts'
import {
  AUDIT_VERSION,
  COMPARED_MAX,
  HASH_BYTES,
  PROOF_BYTES_MAX,
  SALT_BYTES,
  VERDICT_BYTES_MAX,
  VERDICTS_MAX,
} from './limits.ts'

const KIND = 'audit-verdict'
const EPOCH_MAX = 4_294_967_294

/** The same bits; within what other numeric classes give; or neither. */
const FINDINGS = ['same', 'alike', 'different'] as const

const VERDICT = record({
  v: uint(AUDIT_VERSION),
  network: bytes(HASH_BYTES),
  /** Whose beacon the draw is by; not there when the requester drew it, which only itself need believe. */
  epoch: optional(uint(EPOCH_MAX)),
  beacon: bytes(HASH_BYTES),
  /** Hash of the stage receipt of the task. */
  task: bytes(HASH_BYTES),
  provider: peerId(),
  requester: peerId(),
  auditor: peerId(),
  /** Of the auditor's stage. */
  numericClass: bytes(HASH_BYTES),
  finding: word(...FINDINGS),
  /** Requests that were compared. */
  compared: uint(COMPARED_MAX),
  /** SHA-256 over the leaves of what the auditor's own runs gave. */
  result: bytes(HASH_BYTES),
  salt: bytes(SALT_BYTES),
  /** Id of an earlier verdict whose result is like this auditor's own: then two runs stand against one. */
  confirms: optional(bytes(HASH_BYTES)),
})

export type AuditVerdict = Omit<ShapeOf<typeof VERDICT>, 'v'>
export type Finding = AuditVerdict['finding']

/** What an auditor says of its result before it is told that of the provider. */
export function commitmentOf(
  sha256: Sha256,
  { auditor, task, result, salt }: Pick<AuditVerdict, 'auditor' | 'task' | 'result' | 'salt'>,
): Uint8Array {
  const parts = [utf8('brume/audit-commitment/v1\0'), task, result, salt, utf8(auditor)]
  return sha256(concatBytes(parts))
}

/** SHA-256 over `request (u32 LE) ‖ leaf`, in the order of the requests. */
export function resultOf(sha256: Sha256, leaves: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const parts = [...leaves]
    .toSorted((a, b) => a[0] - b[0])
    .flatMap(([request, leaf]) => {
      const index = new Uint8Array(4)
      new DataView(index.buffer).setUint32(0, request, true)
      return [index, leaf]
    })
  return sha256(concatBytes(parts))
}

export function signVerdict(signer: Signer, verdict: AuditVerdict): SignedRecord {
  return signRecord(signer, KIND, encodeShape(VERDICT, { v: AUDIT_VERSION, ...verdict }))
}

/** The id of a verdict: SHA-256 of its body. */
export function verdictId(sha256: Sha256, { body }: SignedRecord): Uint8Array {
  return sha256(body)
}

/** The verdict, when its auditor signed it and is neither the provider nor the requester. */
export function openVerdict(
  { verify }: Pick<Crypto, 'verify'>,
  network: Uint8Array,
  signed: SignedRecord,
): Result<AuditVerdict> {
  const decoded = decodeVerdict(signed.body)
  if (decoded.type === 'refused') return decoded
  const verdict = decoded.value
  const { auditor, provider, requester } = verdict
  const valid =
    bytesEqual(verdict.network, network) &&
    auditor !== provider &&
    auditor !== requester &&
    isSignedBy(verify, auditor, KIND, signed)
  return valid
    ? decoded
    : refuse('AUDIT_VERDICT_INVALID', 'expected a verdict of this mesh, signed by who is no party')
}

/** What a verdict must be about, and what its auditor was bound to. */
export interface BoundVerdict extends Pick<
  AuditVerdict,
  'network' | 'epoch' | 'beacon' | 'task' | 'provider' | 'requester' | 'compared'
> {
  /** What the auditor said before it was told the answer. */
  readonly commitment: Uint8Array
  /** {@link resultOf} what the provider gave for the requests that are compared. */
  readonly claimed: Uint8Array
}

/**
 * The verdict of an auditor who kept to what it had bound itself to.
 *
 * Who finds the same has to have been bound to the same: else whoever ran nothing could agree with all
 * that it is told.
 */
export function openBoundVerdict(
  crypto: Crypto,
  signed: SignedRecord,
  bound: BoundVerdict,
): Result<AuditVerdict> {
  const opened = openVerdict(crypto, bound.network, signed)
  if (opened.type === 'refused') return opened
  const verdict = opened.value
  const isAbout =
    bytesEqual(verdict.task, bound.task) &&
    bytesEqual(verdict.beacon, bound.beacon) &&
    verdict.epoch === bound.epoch &&
    verdict.compared === bound.compared &&
    verdict.provider === bound.provider &&
    verdict.requester === bound.requester
  const isKept = bytesEqual(commitmentOf(crypto.sha256, verdict), bound.commitment)
  const isSame = verdict.finding !== 'same' || bytesEqual(verdict.result, bound.claimed)
  return isAbout && isKept && isSame
    ? opened
    : refuse('AUDIT_VERDICT_INVALID', 'expected a verdict on this task, by who was bound to it')
}

function decodeVerdict(body: Uint8Array): Result<AuditVerdict> {
  if (body.length > VERDICT_BYTES_MAX) {
    return refuse('AUDIT_VERDICT_MALFORMED', `expected at most ${VERDICT_BYTES_MAX} bytes`)
  }
  const opened = decodeCbor(body)
  const version = opened.type === 'value' && Array.isArray(opened.value) ? opened.value[0] : 0
  if (typeof version === 'number' && version > AUDIT_VERSION) {
    return refuse('AUDIT_VERDICT_UNSUPPORTED', `expected version ${AUDIT_VERSION}`)
  }
  const decoded = decodeShape(VERDICT, body)
  if (decoded.type === 'refused') return refuse('AUDIT_VERDICT_MALFORMED', decoded.reason)
  const { v, ...verdict } = decoded.value
  return v === AUDIT_VERSION
    ? accept(verdict)
    : refuse('AUDIT_VERDICT_MALFORMED', `expected version ${AUDIT_VERSION}`)
}

/** Verdicts of one task: as many as it takes to judge it. */
const PROOF = list(signedRecord(VERDICT_BYTES_MAX), VERDICTS_MAX)

/** The verdicts that a task is judged by, as others are shown them: at most {@link PROOF_BYTES_MAX} bytes. */
export function encodeAuditProof(verdicts: readonly SignedRecord[]): Uint8Array {
  return encodeShape(PROOF, verdicts)
}

/** What verdicts prove about a provider, to anybody: only a task that passed or failed. */
export interface AuditProof {
  readonly provider: PeerId
  readonly requester: PeerId
  readonly task: Uint8Array
  readonly passed: boolean
  /** Who ran it again, whose draw remains to be checked by whoever knows the members and the beacon. */
  readonly auditors: readonly PeerId[]
  readonly epoch: number
  readonly beacon: Uint8Array
}

/** Opens verdicts of one task; a beacon that only the requester drew proves nothing to others. */
export function openAuditProof(
  crypto: Crypto,
  network: Uint8Array,
  encoded: Uint8Array,
): Result<AuditProof> {
  const invalid = refuse('AUDIT_VERDICT_INVALID', 'expected verdicts that judge one task')
  if (encoded.length > PROOF_BYTES_MAX) return invalid
  const decoded = decodeShape(PROOF, encoded)
  if (decoded.type === 'refused') return refuse('AUDIT_VERDICT_MALFORMED', decoded.reason)
  const opened: OpenedVerdict[] = []
  for (const signed of decoded.value) {
    const verdict = openVerdict(crypto, network, signed)
    if (verdict.type === 'refused') return verdict
    opened.push({ id: verdictId(crypto.sha256, signed), verdict: verdict.value })
  }
  const [first] = opened
  if (first === undefined) return invalid
  const { provider, requester, task, epoch, beacon } = first.verdict
  const together = opened.every(
    ({ verdict }) =>
      verdict.provider === provider &&
      verdict.requester === requester &&
      bytesEqual(verdict.task, task) &&
      bytesEqual(verdict.beacon, beacon),
  )
  const judgement = judge(opened)
  if (!together || epoch === undefined || judgement === 'inconclusive') return invalid
  const auditors = opened.map(({ verdict }) => verdict.auditor)
  const passed = judgement === 'passed'
  return accept({ provider, requester, task, passed, auditors, epoch, beacon })
}

/** What the verdicts about one task say together. */
export type Judgement = 'passed' | 'failed' | 'inconclusive'

/** A verdict that was opened, with its id. */
export interface OpenedVerdict {
  readonly id: Uint8Array
  readonly verdict: AuditVerdict
}

/**
 * Judges a task by its verdicts: three runs, of which two have to agree.
 *
 * The first run is the provider's own. A run that agrees with it is enough to pass; to fail it
 * takes two of different auditors that differ from it and agree with each other. Three runs that all
 * differ are an environment that is broken somewhere, and nobody's fault.
 *
 * @param verdicts - All about the same task and beacon.
 */
export function judge(verdicts: readonly OpenedVerdict[]): Judgement {
  if (verdicts.some(({ verdict }) => verdict.finding !== 'different')) return 'passed'
  const confirmed = verdicts.some(({ verdict }) =>
    verdicts.some((other) => confirms(verdict, other)),
  )
  return confirmed ? 'failed' : 'inconclusive'
}

function confirms(verdict: AuditVerdict, { id, verdict: other }: OpenedVerdict): boolean {
  const names = verdict.confirms !== undefined && bytesEqual(verdict.confirms, id)
  const sameClass = bytesEqual(verdict.numericClass, other.numericClass)
  // Of one class both have the same bits, or one of the two did not run the task.
  const agrees = !sameClass || toHex(verdict.result) === toHex(other.result)
  return names && agrees && verdict.auditor !== other.auditor
}
