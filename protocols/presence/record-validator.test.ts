import { describe, expect, it } from 'vitest'
import type { MeshId, PeerId } from '../../core/ids.ts'
import { capabilities } from '../../test/fixtures/capabilities.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { RECORD_LIFE_MS_MAX } from './limits.ts'
import { type CapabilityRecord, sealRecord } from './record.ts'
import { RecordValidator } from './record-validator.ts'

const NOW_MS = 1_800_000_000_000
const MESH = 'ef'.repeat(32) as MeshId
const signer = device(2)
const stranger = device(3)

function seal(change: Partial<CapabilityRecord> = {}, by = signer): Uint8Array {
  const record: CapabilityRecord = {
    ...capabilities(),
    version: 2,
    mesh: MESH,
    peer: by.peer,
    sequence: 10,
    issuedMs: NOW_MS,
    expiresMs: NOW_MS + 60_000,
    credential: new Uint8Array(0),
    forecast: undefined,
    trust: undefined,
    ...change,
  }
  return sealRecord(record, by) ?? new Uint8Array(0)
}

/** Takes records of everyone but the stranger. */
function validator(mesh: MeshId | undefined = MESH): RecordValidator {
  const isMember = (peer: PeerId): boolean => peer !== stranger.peer
  return new RecordValidator({ crypto: nodeCrypto, mesh: () => mesh, isMember })
}

/** `fresh`, `known` or the code of the refusal, for one record after another. */
function verdicts(encoded: readonly Uint8Array[], wallMs = NOW_MS, from?: PeerId) {
  const judge = validator()
  return encoded.map((bytes) => {
    const verdict = judge.check(bytes, wallMs, from)
    return verdict.type === 'refused' ? verdict.code : verdict.type
  })
}

describe('record validator', () => {
  it('takes a record once as new, and again as known', () => {
    expect(verdicts([seal(), seal()])).toEqual(['fresh', 'known'])
  })

  it('takes only what is newer, and tells a replay from a conflict', () => {
    const older = seal({ sequence: 9 })
    const newer = seal({ sequence: 11 })
    const twin = seal({ sequence: 11, name: 'twin' })
    expect(verdicts([seal(), older, newer, seal(), twin, newer])).toEqual([
      'fresh',
      'PRESENCE_RECORD_STALE',
      'fresh',
      'PRESENCE_RECORD_STALE',
      'PRESENCE_RECORD_CONFLICT',
      'known',
    ])
  })

  it('refuses a replay that outlives the record which replaced it', () => {
    const judge = validator()
    const long = seal({ expiresMs: NOW_MS + 600_000 })
    expect(judge.check(long, NOW_MS).type).toBe('fresh')
    expect(judge.check(seal({ sequence: 11 }), NOW_MS).type).toBe('fresh')
    expect(judge.check(long, NOW_MS + 300_000)).toEqual({
      type: 'refused',
      code: 'PRESENCE_RECORD_STALE',
    })
  })

  it.each([
    ['expired', { expiresMs: NOW_MS }, 'PRESENCE_DATES_INVALID'],
    [
      'expired a moment ago',
      { issuedMs: NOW_MS - 9, expiresMs: NOW_MS },
      'PRESENCE_RECORD_EXPIRED',
    ],
    [
      'from the future',
      { issuedMs: NOW_MS + 300_001, expiresMs: NOW_MS + 400_000 },
      'PRESENCE_DATES_INVALID',
    ],
    ['too long-lived', { expiresMs: NOW_MS + RECORD_LIFE_MS_MAX + 1 }, 'PRESENCE_DATES_INVALID'],
    ['of another mesh', { mesh: '00'.repeat(32) as MeshId }, 'PRESENCE_NOT_A_MEMBER'],
  ])('refuses a record that is %s', (_, change, code) => {
    expect(verdicts([seal(change)])).toEqual([code])
  })

  it('knows the newest number of a device for as long as one of its records could hold', () => {
    const judge = validator()
    expect(judge.sequence(signer.peer, NOW_MS)).toBeUndefined()
    judge.check(seal({ expiresMs: NOW_MS + 600_000 }), NOW_MS)
    judge.check(seal({ sequence: 11 }), NOW_MS)
    expect(judge.sequence(signer.peer, NOW_MS + 599_999)).toBe(11)
    expect(judge.sequence(signer.peer, NOW_MS + 600_000)).toBeUndefined()
  })

  it('refuses a record of a stranger, and one under the key of another', () => {
    expect(verdicts([seal({}, stranger)])).toEqual(['PRESENCE_NOT_A_MEMBER'])
    expect(verdicts([seal()], NOW_MS, stranger.peer)).toEqual(['PRESENCE_RECORD_FOREIGN'])
    expect(verdicts([seal()], NOW_MS, signer.peer)).toEqual(['fresh'])
  })

  it('does not let a known record pass under the key of another, nor after its end', () => {
    const judge = validator()
    judge.check(seal(), NOW_MS)
    expect(judge.check(seal(), NOW_MS, stranger.peer).type).toBe('refused')
    expect(judge.check(seal(), NOW_MS + 60_000).type).toBe('refused')
  })

  it('is not misled by what it refuses', () => {
    const forged = seal({ sequence: 99, peer: signer.peer }, stranger)
    expect(verdicts([forged, seal()])).toEqual(['PRESENCE_SIGNATURE_INVALID', 'fresh'])
  })

  it('takes nothing while in no mesh, and starts anew after a clear', () => {
    const judge = new RecordValidator({
      crypto: nodeCrypto,
      mesh: () => undefined,
      isMember: () => true,
    })
    expect(judge.check(seal(), NOW_MS).type).toBe('refused')
    const other = validator()
    other.check(seal({ sequence: 11 }), NOW_MS)
    other.clear()
    expect(other.check(seal(), NOW_MS).type).toBe('fresh')
  })

  it('selects the record with the highest sequence number', () => {
    const records = [seal(), new Uint8Array(3), seal({ sequence: 12 }), seal({ sequence: 11 })]
    expect(validator().best(records)).toBe(2)
    expect(validator().best([new Uint8Array(3)])).toBe(0)
  })
})
