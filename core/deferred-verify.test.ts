import { describe, expect, it } from 'vitest'
import { utf8 } from './bytes.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { type CheckSignature, DeferredVerify, webCryptoCheck } from './deferred-verify.ts'
import { peerIdOf, publicKeyOf } from './peer-key.ts'

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

describe('a check by WebCrypto', () => {
  const { subtle } = globalThis.crypto
  const key = publicKeyOf(alice.peer) ?? new Uint8Array()

  it('gives the verdicts of other libraries, and imports each key once', async () => {
    let imports = 0
    const byWebCrypto = webCryptoCheck({
      importKey: (...all) => {
        imports++
        return subtle.importKey(...all)
      },
      verify: (...all) => subtle.verify(...all),
    })
    const verdicts = await Promise.all([
      byWebCrypto(key, message, signature),
      byWebCrypto(key, message, signature.with(3, 1)),
      byWebCrypto(key, utf8('other'), signature),
    ])
    expect(verdicts).toEqual([true, false, false])
    expect(await byWebCrypto(key, message, signature)).toBe(true)
    expect(imports).toBe(1)
  })

  it('takes nothing by a key that cannot be imported', async () => {
    const byWebCrypto = webCryptoCheck({
      importKey: () => Promise.reject(new Error('no point of the curve')),
      verify: () => Promise.resolve(true),
    })
    expect(await byWebCrypto(key, message, signature)).toBe(false)
  })
})
