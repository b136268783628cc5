import { describe, expect, it } from 'vitest'
import { utf8 } from './bytes.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { type CheckSignature, DeferredVerify } from './deferred-verify.ts'
import { peerIdOf } from './peer-key.ts'

const alice = device(1)
const message = utf8('message')
const signature = alice.sign(message)
const check: CheckSignature = (key, signed, by) =>
  Promise.resolve(nodeCrypto.verify(peerIdOf(key), signed, by))

describe('a deferred verification', () => {
  it('says yes at once, and stands when every signature holds', async () => {
    const deferred = new DeferredVerify()
    expect(deferred.verify(alice.peer, message, signature)).toBe(true)
    expect(deferred.verify(alice.peer, message, signature)).toBe(true)
    expect(await deferred.allHold(check)).toBe(true)
  })

  it('falls with one signature that does not hold, and begins anew after that', async () => {
    const deferred = new DeferredVerify()
    deferred.verify(alice.peer, message, signature)
    expect(deferred.verify(alice.peer, utf8('other'), signature)).toBe(true)
    expect(await deferred.allHold(check)).toBe(false)
    deferred.verify(alice.peer, message, signature)
    expect(await deferred.allHold(check)).toBe(true)
  })

  it('says no at once to keys and signatures that no strict verifier looks at', () => {
    const deferred = new DeferredVerify()
    expect(deferred.verify(alice.peer, message, new Uint8Array(64))).toBe(false)
    expect(deferred.verify(peerIdOf(new Uint8Array(32)), message, signature)).toBe(false)
    expect(deferred.verify('nobody' as typeof alice.peer, message, signature)).toBe(false)
  })
})
