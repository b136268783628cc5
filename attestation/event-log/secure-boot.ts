/**
 * Whether Secure Boot was on, from the events of register 7.
 *
 * A replay covers digests alone. Whoever controls the log can give a real digest
 * another type or other data, so every event here must be of a kind that the
 * firmware writes at this place, and its data must hash to what was measured
 * (TCG PC Client Platform Firmware Profile, section 3.3.4.8).
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { bytesEqual, fromHex } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import { ByteReader } from '../encoding/byte-reader.ts'
import { demand, refuse } from '../errors.ts'
import type { BootEvent, LogHash } from './event-log.ts'

export interface SecureBoot {
  readonly enabled: boolean
  /** SHA-256 of the data of each variable, in hex: PK, KEK, db and dbx name what may boot. */
  readonly variables: Readonly<Record<string, string>>
  /** Signers that were used to let something boot. */
  readonly authorityCount: number
}

const REGISTER = 7
const EV_SEPARATOR = 0x4
const EV_EFI_VARIABLE_DRIVER_CONFIG = 0x8000_0001
const EV_EFI_ACTION = 0x8000_0007
const EV_EFI_VARIABLE_AUTHORITY = 0x8000_00e0
/** Without it, devices may write to memory during the boot; the firmware says so here. */
const DMA_PROTECTION_OFF = 'DMA Protection Disabled'
const GLOBAL_VARIABLE = guid('61dfe48bca93d211aa0d00e098032b8c')
const VARIABLES = ['SecureBoot', 'PK', 'KEK', 'db', 'dbx'] as const
const NAME_UNITS_MAX = 128

/** @throws {AttestationError} `EVENT_LOG_SECURE_BOOT`, `EVENT_LOG_DIGEST`. */
export function secureBootOf(events: readonly BootEvent[], hash: LogHash): SecureBoot {
  const own = events.filter(({ register }) => register === REGISTER)
  const separators = own.filter(({ type }) => type === EV_SEPARATOR)
  const [separator] = separators
  demand(separators.length === 1, 'EVENT_LOG_SECURE_BOOT', `${separators.length} separators`)
  const zero = separator !== undefined && bytesEqual(separator.data, new Uint8Array(4))
  demand(zero, 'EVENT_LOG_SECURE_BOOT', 'separator tells of an error')
  const end = own.findIndex((event) => event === separator)
  const variables = new Map<string, Uint8Array>()
  let authorityCount = 0
  for (const [index, event] of own.entries()) {
    checkDigest(event, hash)
    if (event.type === EV_EFI_VARIABLE_DRIVER_CONFIG) {
      takeVariable(event, index < end, variables)
    } else if (event.type === EV_EFI_VARIABLE_AUTHORITY) authorityCount++
    else if (event.type === EV_EFI_ACTION) checkAction(event)
    else if (event !== separator) {
      refuse('EVENT_LOG_SECURE_BOOT', `event of type 0x${event.type.toString(16)} in register 7`)
    }
  }
  return conclusion(variables, authorityCount)
}

function conclusion(
  variables: ReadonlyMap<string, Uint8Array>,
  authorityCount: number,
): SecureBoot {
  const value = (name: string): Uint8Array =>
    variables.get(name) ?? refuse('EVENT_LOG_SECURE_BOOT', `no event about ${name}`)
  const state = value('SecureBoot')
  // A firmware without keys measures the variable as empty.
  const enabled = state.length === 1 && state[0] === 1
  demand(enabled || state.length <= 1, 'EVENT_LOG_SECURE_BOOT', 'SecureBoot is no boolean')
  for (const name of VARIABLES) {
    const filled = value(name).length > 0 || name === 'dbx'
    demand(!enabled || filled, 'EVENT_LOG_SECURE_BOOT', `Secure Boot is on, but ${name} is empty`)
  }
  demand(!enabled || authorityCount > 0, 'EVENT_LOG_SECURE_BOOT', 'nobody let anything boot')
  const digests = [...variables].map(([name, data]) => [
    name,
    createHash('sha256').update(data).digest('hex'),
  ])
  return {
    enabled,
    variables: Object.fromEntries(digests) as Record<string, string>,
    authorityCount,
  }
}

/** Old shims leave the last byte out of what they measure about an authority. */
function checkDigest({ type, data, digests }: BootEvent, hash: LogHash): void {
  const measured = digests.get(hash) ?? refuse('EVENT_LOG_DIGEST', `event without ${hash}`)
  const isHashOf = (bytes: Uint8Array): boolean =>
    bytesEqual(createHash(hash).update(bytes).digest(), measured)
  const shorter = type === EV_EFI_VARIABLE_AUTHORITY && data.length > 0
  const holds = isHashOf(data) || (shorter && isHashOf(data.subarray(0, -1)))
  demand(holds, 'EVENT_LOG_DIGEST', 'data of an event in register 7 is not what was measured')
}

function takeVariable(
  { data }: BootEvent,
  early: boolean,
  variables: Map<string, Uint8Array>,
): void {
  const { vendor, name, value } = readVariable(data)
  demand(early, 'EVENT_LOG_SECURE_BOOT', 'a variable is measured after the separator')
  demand(!variables.has(name), 'EVENT_LOG_SECURE_BOOT', 'a variable is measured twice')
  const global = name !== 'SecureBoot' || bytesEqual(vendor, GLOBAL_VARIABLE)
  demand(global, 'EVENT_LOG_SECURE_BOOT', 'SecureBoot of another vendor')
  variables.set(name, value)
}

function checkAction({ data }: BootEvent): void {
  const text = String.fromCharCode(...data.subarray(0, 64)).replace(/\0$/, '')
  demand(text === DMA_PROTECTION_OFF, 'EVENT_LOG_SECURE_BOOT', 'an action such as a debugger')
}

/** UEFI_VARIABLE_DATA: vendor GUID, lengths of name (in UTF-16 units) and data, then both. */
function readVariable(data: Uint8Array): {
  readonly vendor: Uint8Array
  readonly name: string
  readonly value: Uint8Array
} {
  const reader = new ByteReader(data, { code: 'EVENT_LOG_SECURE_BOOT', littleEndian: true })
  const vendor = reader.take(16)
  const [units, bytes] = [reader.u64(), reader.u64()]
  const fits = units <= NAME_UNITS_MAX && bytes <= data.length
  demand(fits, 'EVENT_LOG_SECURE_BOOT', 'a variable with impossible lengths')
  const codes = Array.from({ length: Number(units) }, () => reader.u16())
  const value = reader.take(Number(bytes))
  reader.end()
  return { vendor, name: String.fromCharCode(...codes), value }
}

/** A GUID in the byte order of UEFI. */
function guid(hex: string): Uint8Array {
  const bytes = fromHex(hex)
  invariant(bytes?.length === 16, 'a GUID has 16 bytes')
  return bytes
}
