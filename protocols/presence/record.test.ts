import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import type { MeshId, ModelId } from '../../core/ids.ts'
import { capabilities } from '../../test/fixtures/capabilities.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { PACES_MAX, RECORD_BYTES_MAX, STREAMS_TOLD_MAX, TEXT_MEBIBYTES_TOLD_MAX } from './limits.ts'
import { type CapabilityRecord, openRecord, type Pace, sealRecord } from './record.ts'

const signer = device(2)

const PACE: Pace = {
  model: new Uint8Array(8).fill(0xab),
  fromLayer: 0,
  toLayer: 12,
  rowUs: 14_000,
  farUs: 17_500,
  chunkUs: 2_100,
}

const RECORD: CapabilityRecord = {
  ...capabilities({
    addresses: ['/ip4/192.168.1.20/tcp/7434'],
    accelerators: [{ kind: 'gpu', name: 'make-believe 90', memoryBytes: 2 ** 33 }],
    providers: ['cpu', 'webgpu'],
    holdings: [{ model: 'ab'.repeat(32) as ModelId, ranges: [{ from: 0, to: 12 }] }],
    numericClass: 'cd'.repeat(32),
    paces: [PACE],
    streams: 8,
    textMebibytes: 512,
  }),
  version: 2,
  mesh: 'ef'.repeat(32) as MeshId,
  peer: signer.peer,
  sequence: 1_800_000_000_000,
  issuedMs: 1_800_000_000_000,
  expiresMs: 1_800_000_060_000,
  credential: new Uint8Array(220).fill(1),
  forecast: undefined,
  trust: undefined,
}

const { record: vector, recordOfVersion1: before } = JSON.parse(
  readFileSync('test/vectors/presence.json', 'utf8'),
) as { record: string; recordOfVersion1: string }
const open = (bytes: Uint8Array) => openRecord(bytes, nodeCrypto.verify)

function seal(change: Partial<CapabilityRecord> = {}, by = signer): Uint8Array {
  return sealRecord({ ...RECORD, ...change }, by) ?? new Uint8Array(0)
}

describe('capability record', () => {
  it('is the bytes of the vector, and says the same after a journey', () => {
    expect(toHex(seal())).toBe(vector)
    expect(open(fromHex(vector) ?? seal())).toEqual({ type: 'record', record: RECORD })
  })

  it('says in quarters how likely its device stays, and is none with a fifth one', () => {
    const forecast = {
      staysFor5minQuarters: 4,
      staysFor15minQuarters: 3,
      staysFor60minQuarters: 0,
    }
    expect(open(seal({ forecast }))).toEqual({ type: 'record', record: { ...RECORD, forecast } })
    const beyond = seal({ forecast: { ...forecast, staysFor5minQuarters: 5 } })
    expect(open(beyond)).toEqual({ type: 'refused', code: 'PRESENCE_RECORD_MALFORMED' })
  })

  it('tells of no more stages and sessions than it may, and is none with one more', () => {
    const most = {
      paces: Array.from({ length: PACES_MAX }, () => PACE),
      streams: STREAMS_TOLD_MAX,
      textMebibytes: TEXT_MEBIBYTES_TOLD_MAX,
    }
    expect(open(seal(most))).toEqual({ type: 'record', record: { ...RECORD, ...most } })
    const malformed = { type: 'refused', code: 'PRESENCE_RECORD_MALFORMED' }
    expect(open(seal({ paces: [...most.paces, PACE] }))).toEqual(malformed)
    expect(open(seal({ streams: STREAMS_TOLD_MAX + 1 }))).toEqual(malformed)
    expect(open(seal({ textMebibytes: TEXT_MEBIBYTES_TOLD_MAX + 1 }))).toEqual(malformed)
    expect(open(seal({ paces: [{ ...PACE, model: new Uint8Array(9) }] }))).toEqual(malformed)
  })

  it('is refused whatever is missing from it or flipped in it', () => {
    const encoded = seal()
    for (let length = 0; length < encoded.length; length++) {
      expect(open(encoded.subarray(0, length)).type).toBe('refused')
    }
    for (let bit = 0; bit < 8 * encoded.length; bit++) {
      const flipped = encoded.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(open(flipped).type).toBe('refused')
    }
  })

  it.each([
    ['is longer than a record', new Uint8Array(RECORD_BYTES_MAX + 1), 'PRESENCE_RECORD_TOO_LONG'],
    ['is no record', new Uint8Array(9), 'PRESENCE_RECORD_MALFORMED'],
    ['is of a later version', seal({ version: 3 }), 'PRESENCE_VERSION_UNSUPPORTED'],
    ['is of the version before', fromHex(before) ?? seal(), 'PRESENCE_VERSION_UNSUPPORTED'],
    ['another device has signed', seal({}, device(3)), 'PRESENCE_SIGNATURE_INVALID'],
  ])('is refused when it %s', (_, encoded, code) => {
    expect(open(encoded)).toEqual({ type: 'refused', code })
  })

  it('is not sealed when it would be too long', () => {
    const holdings = Array.from({ length: 16 }, (_, index) => ({
      model: index.toString(16).padStart(64, '0') as ModelId,
      ranges: Array.from({ length: 8 }, (_unused, from) => ({ from, to: 60_000 })),
    }))
    const credential = new Uint8Array(900)
    expect(sealRecord({ ...RECORD, holdings }, signer)).toBeDefined()
    expect(sealRecord({ ...RECORD, holdings, credential }, signer)).toBeUndefined()
  })

  it('never makes its reader throw', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 256 }), (bytes) => open(bytes).type === 'refused'),
    )
  })
})
