/**
 * The log of a measured boot: TCG PC Client Platform Firmware Profile, section 10 ("crypto agile").
 *
 * A log is worth nothing by itself: it is what someone says that the registers
 * consist of. Only its replay against signed values counts, and even then only
 * digests are covered, never an event's type or data (secure-boot.ts).
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { bytesEqual, concatBytes, utf8 } from '../../core/bytes.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand, refuse } from '../errors.ts'

export type LogHash = 'sha256' | 'sha384' | 'sha512'

export interface BootEvent {
  /** Register that it was measured into: of a TPM, or of a TDX module (1 to 4 for RTMR0 to 3). */
  readonly register: number
  readonly type: number
  /** What was measured, by bank. Banks of other hashes are left out. */
  readonly digests: ReadonlyMap<LogHash, Uint8Array>
  readonly data: Uint8Array
}

const LOG_BYTES_MAX = 512 * 1024
const EVENT_COUNT_MAX = 4096
const ALGORITHM_COUNT_MAX = 8
/** The last register that a TPM has. */
const REGISTER_MAX = 23
export const EV_NO_ACTION = 3
const SHA1_BYTES = 20
const SPEC_ID = utf8('Spec ID Event03\0')
const STARTUP_LOCALITY = utf8('StartupLocality\0')
const HASHES: Readonly<Record<number, LogHash>> = { 0x0b: 'sha256', 0x0c: 'sha384', 0x0d: 'sha512' }
const BYTES: Readonly<Record<LogHash, number>> = { sha256: 32, sha384: 48, sha512: 64 }

/** @throws {AttestationError} `EVENT_LOG_MALFORMED`, `ATTESTATION_LIMIT`. */
export function readEventLog(bytes: Uint8Array): readonly BootEvent[] {
  demand(bytes.length <= LOG_BYTES_MAX, 'ATTESTATION_LIMIT', 'event log too large')
  const reader = new ByteReader(bytes, { code: 'EVENT_LOG_MALFORMED', littleEndian: true })
  const sizes = readHeader(reader)
  const events: BootEvent[] = []
  while (reader.left > 0 && !isPadding(bytes.subarray(reader.at))) {
    demand(events.length < EVENT_COUNT_MAX, 'ATTESTATION_LIMIT', 'event log of too many events')
    events.push(readEvent(reader, sizes))
  }
  return events
}

/**
 * The value that each register with an event ends in, by its number.
 *
 * @throws {AttestationError} `EVENT_LOG_MALFORMED` when an event has no digest of `hash`.
 */
export function replay(
  events: readonly BootEvent[],
  hash: LogHash,
): ReadonlyMap<number, Uint8Array> {
  const registers = new Map<number, Uint8Array>()
  const first = startOfRegister0(events, hash)
  for (const { register, type, digests } of events) {
    if (type === EV_NO_ACTION) continue
    const digest = digests.get(hash) ?? refuse('EVENT_LOG_MALFORMED', `event without ${hash}`)
    const before = registers.get(register) ?? (register === 0 ? first : new Uint8Array(BYTES[hash]))
    const after = createHash(hash).update(before).update(digest).digest()
    registers.set(register, new Uint8Array(after))
  }
  return registers
}

/**
 * Refuses unless the log leads to `values` for each register that it has events of.
 *
 * Events of other registers are dropped: nobody signed those.
 *
 * @returns The events that are covered by what was signed.
 * @throws {AttestationError} `EVENT_LOG_REPLAY`, `EVENT_LOG_MALFORMED`.
 */
export function checkReplay(
  events: readonly BootEvent[],
  hash: LogHash,
  values: ReadonlyMap<number, Uint8Array>,
): readonly BootEvent[] {
  for (const [register, value] of replay(events, hash)) {
    const signed = values.get(register)
    const equal = signed === undefined || bytesEqual(signed, value)
    demand(equal, 'EVENT_LOG_REPLAY', `events of register ${register} lead elsewhere`)
  }
  return events.filter(({ register, type }) => values.has(register) && type !== EV_NO_ACTION)
}

/** Sizes of digests by the number of their algorithm, from the event that opens the log. */
function readHeader(reader: ByteReader): ReadonlyMap<number, number> {
  reader.u32()
  const type = reader.u32()
  reader.take(SHA1_BYTES)
  const data = new ByteReader(reader.take(reader.u32()), {
    code: 'EVENT_LOG_MALFORMED',
    littleEndian: true,
  })
  const agile = type === EV_NO_ACTION && data.left >= SPEC_ID.length
  if (!agile || !bytesEqual(data.take(SPEC_ID.length), SPEC_ID)) {
    refuse('EVENT_LOG_MALFORMED', 'log has SHA-1 digests only')
  }
  data.take(8)
  const count = data.u32()
  demand(count <= ALGORITHM_COUNT_MAX, 'EVENT_LOG_MALFORMED', `${count} hash algorithms`)
  const sizes = new Map<number, number>()
  for (let index = 0; index < count; index++) sizes.set(data.u16(), data.u16())
  return sizes
}

function readEvent(reader: ByteReader, sizes: ReadonlyMap<number, number>): BootEvent {
  const [register, type, count] = [reader.u32(), reader.u32(), reader.u32()]
  demand(register <= REGISTER_MAX, 'EVENT_LOG_MALFORMED', `register ${register}`)
  demand(count <= ALGORITHM_COUNT_MAX, 'EVENT_LOG_MALFORMED', `${count} digests of one event`)
  const digests = new Map<LogHash, Uint8Array>()
  for (let index = 0; index < count; index++) {
    const algorithm = reader.u16()
    const size = sizes.get(algorithm)
    if (size === undefined)
      refuse('EVENT_LOG_MALFORMED', 'digest of an algorithm that is not listed')
    const digest = reader.take(size)
    const hash = HASHES[algorithm]
    if (hash === undefined) continue
    demand(
      size === BYTES[hash] && !digests.has(hash),
      'EVENT_LOG_MALFORMED',
      `${hash} twice or cut`,
    )
    digests.set(hash, digest)
  }
  return { register, type, digests, data: reader.take(reader.u32()) }
}

/** ACPI tables reserve a fixed area for a log and leave the rest of it at 0xff. */
function isPadding(rest: Uint8Array): boolean {
  return rest.every((byte) => byte === 0xff)
}

/** Register 0 begins with the locality from which the boot was started, where the log says so. */
function startOfRegister0(events: readonly BootEvent[], hash: LogHash): Uint8Array {
  const named = events.filter(
    ({ register, type, data }) =>
      register === 0 &&
      type === EV_NO_ACTION &&
      data.length === STARTUP_LOCALITY.length + 1 &&
      bytesEqual(data.subarray(0, STARTUP_LOCALITY.length), STARTUP_LOCALITY),
  )
  demand(named.length <= 1, 'EVENT_LOG_MALFORMED', 'startup locality stands twice')
  const locality = named[0]?.data.at(-1) ?? 0
  return concatBytes([new Uint8Array(BYTES[hash] - 1), Uint8Array.of(locality)])
}
