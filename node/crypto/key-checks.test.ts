import { expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { publicKeyOf } from '../../core/peer-key.ts'
import { checksByNeed, type KeyChecks, opensslChecks, sodiumChecks } from './key-checks.ts'
import { createSigner } from './signer.ts'

const signer = createSigner(new Uint8Array(32).fill(3))
const message = utf8('a message')
const signature = signer.sign(message)
const key = publicKeyOf(signer.peer) ?? new Uint8Array()

it.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'libsodium loads, with our rule, where most of our tests run',
  () => {
    expect(sodiumChecks()).toBeDefined()
  },
)

it.each<[string, KeyChecks]>([
  ['OpenSSL', opensslChecks],
  ['libsodium', sodiumChecks() ?? opensslChecks],
])('%s tells a good signature from others, whatever the bytes lie in', (_, checks) => {
  const check = checks(key)
  const inside = new Uint8Array(100)
  inside.set(signature, 7)
  expect(check(message, inside.subarray(7, 71))).toBe(true)
  expect(check(message, inside.subarray(6, 70))).toBe(false)
  expect(check(new Uint8Array(), signature)).toBe(false)
  expect(check(new Uint8Array(), signer.sign(new Uint8Array()))).toBe(true)
  expect(checks(key.with(0, (key[0] ?? 0) ^ 1))(message, signature)).toBe(false)
})

it('a library with another rule, or none at all, is not used', () => {
  expect(sodiumChecks(() => ({ crypto_sign_verify_detached: () => true }))).toBeUndefined()
  expect(sodiumChecks(() => ({ crypto_sign_verify_detached: () => false }))).toBeUndefined()
  expect(
    sodiumChecks(() => {
      throw new Error('no addon for this platform')
    }),
  ).toBeUndefined()
})

it('the quicker library is asked for once, when there are many signatures at once', () => {
  let [nowMs, asked] = [0, 0]
  const quicker: KeyChecks = () => () => true
  const checks = checksByNeed(
    () => nowMs,
    () => {
      asked++
      return quicker
    },
  )
  const after = (count: number): KeyChecks =>
    Array.from({ length: count }, () => checks()).at(-1) ?? opensslChecks
  // Sixty a second, and then more at once.
  for (let second = 0; second < 60; second++) {
    nowMs += 1_000
    expect(after(60)).toBe(opensslChecks)
  }
  nowMs += 10_000
  expect(after(384)).toBe(opensslChecks)
  expect(after(1)).toBe(quicker)
  nowMs += 100_000
  expect(after(1)).toBe(quicker)
  expect(asked).toBe(1)
})

it('a library that cannot be had is not asked for again', () => {
  let asked = 0
  const checks = checksByNeed(
    () => 0,
    () => {
      asked++
      return undefined
    },
  )
  for (let times = 0; times < 1_000; times++) expect(checks()).toBe(opensslChecks)
  expect(asked).toBe(1)
})
