/**
 * Capability records: what a device offers now, signed by it.
 *
 * Quantities are integers in the unit that their name ends with. A record says
 * what the device believes of itself: before a lease the device itself is asked.
 *
 * @module
 */

import { type CborValue, decodeCbor } from '../../core/canonical-cbor.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type ShapeOf,
  text,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { Signer, Verify } from '../../core/crypto.ts'
import { hexId, peerId } from '../../core/id-shapes.ts'
import type { MeshId, ModelId } from '../../core/ids.ts'
import { isSignedBy, signedRecord, signRecord } from '../../core/signed-record.ts'
import type { PresenceFault } from './errors.ts'
import {
  ACCELERATORS_MAX,
  ADDRESS_CHARACTERS_MAX,
  ADDRESSES_MAX,
  CREDENTIAL_BYTES_MAX,
  DEVICE_NAME_CHARACTERS_MAX,
  HOLDINGS_MAX,
  LABEL_CHARACTERS_MAX,
  PACE_MODEL_BYTES,
  PACES_MAX,
  PRESENCE_VERSION,
  PROVIDERS_MAX,
  RANGES_PER_MODEL_MAX,
  RECORD_BODY_BYTES_MAX,
  RECORD_BYTES_MAX,
  STREAMS_TOLD_MAX,
  TASK_KINDS_MAX,
  TEXT_MEBIBYTES_TOLD_MAX,
} from './limits.ts'

const RECORD_KIND = 'presence-record'

/** Execution providers by their name in this project. */
export const PROVIDER_NAMES = ['cpu', 'webgpu', 'cuda', 'coreml', 'directml'] as const

/** Kinds of work that a device takes on. */
export const TASK_KINDS = [
  'generate',
  'embed',
  'infer',
  'map',
  'pipeline',
  'wasm',
  'workflow',
] as const

const label = text(LABEL_CHARACTERS_MAX)

const acceleratorShape = record({
  kind: word('gpu', 'npu'),
  name: label,
  /** Its own memory; zero when it is unknown or shared with the processor. */
  memoryBytes: uint(),
})

const speedsShape = record({
  /** Single-precision matrix product on the processor, in 10^6 operations a second. */
  f32MflopsPerS: uint(),
  /** 8-bit integer matrix product on the processor, in 10^6 operations a second. */
  int8MopsPerS: uint(),
  memoryMBPerS: uint(),
  storageReadMBPerS: uint(),
  storageWriteMBPerS: uint(),
  /** Single precision on the accelerator; zero when there is none. */
  gpuF32MflopsPerS: uint(),
})

const holdingShape = record({
  model: hexId<ModelId>(32),
  /** Layers held, as half-open ranges; none when only the manifest is held. */
  ranges: list(record({ from: uint(65_535), to: uint(65_535) }), RANGES_PER_MODEL_MAX),
})

const US_MAX = 4_294_967_295

/** What a row of a text took a stage that ran here on the processor, with nobody beside it. */
const paceShape = record({
  /** The first bytes of the model's id. */
  model: bytes(PACE_MODEL_BYTES),
  /** The stage was the layers [fromLayer, toLayer). */
  fromLayer: uint(65_535),
  toLayer: uint(65_535),
  /** Alone, at the beginning of a text. */
  rowUs: uint(US_MAX),
  /** The same behind so many tokens as {@link FAR_POSITION}; zero where none was that long. */
  farUs: uint(US_MAX),
  /** In a run of many, as of a prompt; zero where unknown. */
  chunkUs: uint(US_MAX),
})
export type Pace = ShapeOf<typeof paceShape>

/** How likely a device that is there now stays there, in quarters from 0 to 4. */
const forecastShape = record({
  staysFor5minQuarters: uint(4),
  staysFor15minQuarters: uint(4),
  staysFor60minQuarters: uint(4),
})

const recordShape = record({
  version: uint(255),
  mesh: hexId<MeshId>(32),
  peer: peerId(),
  /** Grows with every record of a device, also over its restarts. */
  sequence: uint(),
  /** Wall time at the device, in ms since the epoch. */
  issuedMs: uint(),
  expiresMs: uint(),
  /** Membership, in the bytes of the join protocol: opaque here. */
  credential: bytes(0, CREDENTIAL_BYTES_MAX),
  name: text(DEVICE_NAME_CHARACTERS_MAX),
  software: label,
  /** Multiaddrs at which the device may be dialled. */
  addresses: list(text(ADDRESS_CHARACTERS_MAX), ADDRESSES_MAX),
  processor: label,
  cores: uint(65_535),
  memoryBytes: uint(),
  /** Memory that work may take now. */
  memoryFreeBytes: uint(),
  accelerators: list(acceleratorShape, ACCELERATORS_MAX),
  providers: list(word(...PROVIDER_NAMES), PROVIDERS_MAX),
  speeds: speedsShape,
  /** How much of itself the device grants now, in quarters from 0 to 4. */
  levelQuarters: uint(4),
  /** Longest lease that it would grant, in ms; zero for none. */
  leaseMs: uint(),
  /** Learned for each hour of the week; coarse, and renewed at times that tell nothing of its owner. */
  forecast: optional(forecastShape),
  holdings: list(holdingShape, HOLDINGS_MAX),
  /** What was measured of stages here, the latest first. */
  paces: list(paceShape, PACES_MAX),
  /** Stages that sessions have open here, rounded down to a power of two; zero for few. */
  streams: uint(STREAMS_TOLD_MAX),
  /**
   * Memory that texts of others may still come to here, rounded down to a power of two; zero when some
   * wait for it.
   */
  textMebibytes: uint(TEXT_MEBIBYTES_TOLD_MAX),
  tasks: list(word(...TASK_KINDS), TASK_KINDS_MAX),
  /** What evidence it can show, in its own words: a reason to ask it, and nothing else. */
  tier: word('self', 'mobile', 'tpm', 'tee'),
  /** Hash of all that decides the bits of a text on the processor; a device that has not found out says none. */
  numericClass: optional(hexId<string>(32)),
  /** Its certified score and the epoch of it, in its own words: others have computed it themselves. */
  trust: optional(record({ epoch: uint(4_294_967_295), micros: uint(1_000_000) })),
})

/** What one device offers, as its record says. */
export type CapabilityRecord = ShapeOf<typeof recordShape>

/** The part of a record that its device decides; the rest is filled in when it is sealed. */
export type Capabilities = Omit<
  CapabilityRecord,
  'version' | 'mesh' | 'peer' | 'sequence' | 'issuedMs' | 'expiresMs' | 'credential'
>

export type RecordDecoded =
  | { readonly type: 'record'; readonly record: CapabilityRecord }
  | { readonly type: 'refused'; readonly code: PresenceFault }

const envelope = signedRecord(RECORD_BODY_BYTES_MAX)

/** Signs and encodes a record; undefined when it would be longer than a record may be. */
export function sealRecord(content: CapabilityRecord, signer: Signer): Uint8Array | undefined {
  const body = encodeShape(recordShape, content)
  if (body.length > RECORD_BODY_BYTES_MAX) return undefined
  return encodeShape(envelope, signRecord(signer, RECORD_KIND, body))
}

/** Decodes a record and checks that the device it names has signed it. Dates and membership are not checked. */
export function openRecord(encoded: Uint8Array, verify: Verify): RecordDecoded {
  if (encoded.length > RECORD_BYTES_MAX) return refuse('PRESENCE_RECORD_TOO_LONG')
  const signed = decodeShape(envelope, encoded)
  if (signed.type === 'refused') return refuse('PRESENCE_RECORD_MALFORMED')
  const decoded = decodeShape(recordShape, signed.value.body)
  const version = decoded.type === 'value' ? decoded.value.version : versionOf(signed.value.body)
  if (version !== undefined && version !== PRESENCE_VERSION) {
    return refuse('PRESENCE_VERSION_UNSUPPORTED')
  }
  if (decoded.type === 'refused') return refuse('PRESENCE_RECORD_MALFORMED')
  const content = decoded.value
  if (!isSignedBy(verify, content.peer, RECORD_KIND, signed.value)) {
    return refuse('PRESENCE_SIGNATURE_INVALID')
  }
  return { type: 'record', record: content }
}

/** What stands in the place of the version, in whatever form the rest is; undefined where no number does. */
function versionOf(body: Uint8Array): number | undefined {
  const decoded = decodeCbor(body)
  const fields = decoded.type === 'value' ? decoded.value : undefined
  const [version] = Array.isArray(fields) ? (fields as readonly CborValue[]) : []
  return typeof version === 'number' ? version : undefined
}

function refuse(code: PresenceFault): RecordDecoded {
  return { type: 'refused', code }
}
