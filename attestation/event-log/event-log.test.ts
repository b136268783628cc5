import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { vector, vectorsAtHand, vectorsNote } from '../../test/fixtures/attestation-vectors.ts'
import { concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { type BootEvent, checkReplay, readEventLog, replay } from './event-log.ts'
import { secureBootOf } from './secure-boot.ts'

const codeOf = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return errorCode(error) ?? error
  }
}

describe.skipIf(!vectorsAtHand)(`recorded logs of boots${vectorsNote}`, () => {
  it.each([
    ['gtt-rhel8-uefi.bin', '5fd54361', true],
    ['gtt-eventlogwithsp800155.bin', '8c5dc451', true],
    ['gtt-ubuntu-2104-no-secure-boot.bin', '0d8847bc', false],
    ['gtt-ubuntu-2404-amd-sevsnp.bin', '33ad6985', false],
    ['ga-crypto_agile_eventlog.bin', '', false],
  ])('of %s lead to register 7 at %s…, Secure Boot %s', (file, start, enabled) => {
    const events = readEventLog(vector(`eventlog/${file}`))
    const register7 = replay(events, 'sha256').get(7)
    expect(register7 && toHex(register7).slice(0, start.length)).toBe(start)
    expect(
      secureBootOf(
        events.filter(({ type }) => type !== 3),
        'sha256',
      ).enabled,
    ).toBe(enabled)
  })

  it('are refused where they have SHA-1 only', () => {
    const log = vector('eventlog/gtt-debian-10.bin')
    expect(codeOf(() => readEventLog(log))).toBe('EVENT_LOG_MALFORMED')
  })

  it('are refused at every truncation within an event, never a crash', () => {
    const log = vector('eventlog/ga-crypto_agile_eventlog.bin')
    const whole = readEventLog(log).length
    for (let length = 0; length < log.length; length += 97) {
      const outcome = codeOf(() => readEventLog(log.subarray(0, length)).length)
      expect(outcome === 'EVENT_LOG_MALFORMED' || Number(outcome) < whole).toBe(true)
    }
  })
})

describe('events of register 7', () => {
  const SEPARATOR = { type: 4, data: new Uint8Array(4) }
  const config = (name: string, value: Uint8Array, guid = GLOBAL) => ({
    type: 0x8000_0001,
    data: variable(name, value, guid),
  })
  const authority = { type: 0x8000_00e0, data: variable('db', utf8('signer')) }
  const on = [
    config('SecureBoot', Uint8Array.of(1)),
    config('PK', utf8('pk')),
    config('KEK', utf8('kek')),
    config('db', utf8('db')),
    config('dbx', new Uint8Array()),
    SEPARATOR,
    authority,
  ]
  const without = (index: number) => on.filter((_, at) => at !== index)
  const outcome = (events: readonly Partial<BootEvent>[]): unknown =>
    codeOf(() => secureBootOf(events.map(measured), 'sha256').enabled)

  it.each<[unknown, string, readonly Partial<BootEvent>[]]>([
    [true, 'of a regular boot', on],
    [false, 'with Secure Boot off', [config('SecureBoot', Uint8Array.of(0)), ...on.slice(1, 6)]],
    [
      true,
      'of an old shim that leaves out a byte',
      [...on, { ...authority, digests: digestsOf(authority.data.subarray(0, -1)) }],
    ],
    ['EVENT_LOG_SECURE_BOOT', 'without a separator', without(5)],
    ['EVENT_LOG_SECURE_BOOT', 'with two separators', [...on, SEPARATOR]],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with a separator that tells of an error',
      [...without(5), { type: 4, data: Uint8Array.of(1, 0, 0, 0) }],
    ],
    ['EVENT_LOG_SECURE_BOOT', 'without a db', without(3)],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with an empty PK',
      [...on.slice(0, 1), config('PK', new Uint8Array()), ...on.slice(2)],
    ],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with Secure Boot on and nobody who let anything boot',
      on.slice(0, 6),
    ],
    ['EVENT_LOG_SECURE_BOOT', 'with a variable twice', [on[0] ?? {}, ...on]],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with a variable after the separator',
      [...on, config('x', utf8('x'))],
    ],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with SecureBoot of another vendor',
      [config('SecureBoot', Uint8Array.of(1), 'ff'.repeat(16)), ...on.slice(1)],
    ],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with a debugger',
      [{ type: 0x8000_0007, data: utf8('UEFI Debug Mode') }, ...on],
    ],
    ['EVENT_LOG_SECURE_BOOT', 'with an unknown type', [{ type: 9, data: new Uint8Array() }, ...on]],
    [
      'EVENT_LOG_SECURE_BOOT',
      'with impossible lengths',
      [{ type: 0x8000_0001, data: new Uint8Array(32).fill(0xff) }, ...on],
    ],
    [
      'EVENT_LOG_DIGEST',
      'with other data than was measured',
      [
        { ...config('SecureBoot', Uint8Array.of(1)), digests: digestsOf(utf8('x')) },
        ...on.slice(1),
      ],
    ],
  ])('are %s %s', (expected, _, events) => {
    expect(outcome(events)).toBe(expected)
  })

  it('count only where a register was signed', () => {
    const events = on.map(measured)
    const right = replay(events, 'sha256')
    expect(checkReplay(events, 'sha256', right)).toEqual(events)
    expect(checkReplay(events, 'sha256', new Map())).toEqual([])
    const wrong = new Map([[7, new Uint8Array(32)]])
    expect(codeOf(() => checkReplay(events, 'sha256', wrong))).toBe('EVENT_LOG_REPLAY')
  })
})

const GLOBAL = '61dfe48bca93d211aa0d00e098032b8c'

function digestsOf(data: Uint8Array): BootEvent['digests'] {
  return new Map([['sha256', new Uint8Array(createHash('sha256').update(data).digest())]])
}

function measured(event: Partial<BootEvent>): BootEvent {
  const { type = 0, data = new Uint8Array() } = event
  return { register: 7, type, data, digests: event.digests ?? digestsOf(data) }
}

function variable(name: string, value: Uint8Array, guid = GLOBAL): Uint8Array {
  const lengths = Buffer.alloc(16)
  lengths.writeBigUInt64LE(BigInt(name.length), 0)
  lengths.writeBigUInt64LE(BigInt(value.length), 8)
  return concatBytes([Buffer.from(guid, 'hex'), lengths, Buffer.from(name, 'utf16le'), value])
}
