import { describe, expect, it } from 'vitest'
import type { Crypto } from '../../core/crypto.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { rememberSignatures } from './remembered-signatures.ts'

const alice = device(1)
const bob = device(2)
const message = new Uint8Array([1, 2, 3])
const signature = alice.sign(message)

function counting(): { readonly crypto: Crypto; readonly calls: () => number } {
  let calls = 0
  const verify: Crypto['verify'] = (...all) => {
    calls++
    return nodeCrypto.verify(...all)
  }
  return { crypto: { ...nodeCrypto, verify }, calls: () => calls }
}

describe('remembered signatures', () => {
  it('verifies a good signature once', () => {
    const { crypto, calls } = counting()
    const { verify } = rememberSignatures(crypto, 2)
    expect([
      verify(alice.peer, message, signature),
      verify(alice.peer, message, signature),
    ]).toEqual([true, true])
    expect(calls()).toBe(1)
  })

  it('never takes another message, signature or signer for one that it knows', () => {
    const { verify } = rememberSignatures(nodeCrypto, 2)
    verify(alice.peer, message, signature)
    const other = new Uint8Array([1, 2, 4])
    expect([
      verify(alice.peer, other, signature),
      verify(alice.peer, message, bob.sign(message)),
      verify(bob.peer, message, signature),
      verify(alice.peer, message, signature.subarray(1)),
    ]).toEqual([false, false, false, false])
  })

  it('forgets the oldest beyond its limit, and no bad one fills it', () => {
    const { crypto, calls } = counting()
    const { verify } = rememberSignatures(crypto, 1)
    verify(alice.peer, message, signature)
    verify(bob.peer, message, signature)
    verify(alice.peer, message, signature)
    expect(calls()).toBe(2)
    verify(bob.peer, message, bob.sign(message))
    verify(alice.peer, message, signature)
    expect(calls()).toBe(4)
  })
})
