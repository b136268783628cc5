import { describe, expect, it } from 'vitest'
import { acceptedFlips } from '../test/fixtures/attestation-vectors.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { errorCode } from '../core/errors.ts'
import { readHandover, signHandover } from './handover.ts'

const [alice, bob] = [device(1), device(2)]
const given = { hardwareId: 'ab'.repeat(32), to: bob.peer, signedAtMs: 5 }
const encoded = signHandover(alice, given)

const outcome = (bytes: Uint8Array): unknown => {
  try {
    return readHandover(bytes, nodeCrypto.verify)
  } catch (error) {
    return errorCode(error)
  }
}

describe('a handover', () => {
  it('is the word of the device that gives', () => {
    expect(outcome(encoded)).toEqual({ ...given, from: alice.peer })
  })

  it('is refused whatever bit is flipped, and at every truncation', () => {
    expect(acceptedFlips(encoded, (bytes) => outcome(bytes) !== 'SELF_HANDOVER')).toEqual([])
    for (let length = 0; length < encoded.length; length++) {
      expect(outcome(encoded.subarray(0, length))).toBe('SELF_HANDOVER')
    }
  })
})
