import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytesEqual, fromHex } from '../core/bytes.ts'
import { decodeShape } from '../core/cbor-shape.ts'
import { asPeerId } from '../core/ids.ts'
import { signedRecord } from '../core/signed-record.ts'
import { nodeCrypto } from '../node/crypto/node-crypto.ts'
import { trustVectors } from '../scripts/trust-vectors.ts'
import {
  decodeScore,
  encodeScore,
  openOwnerWord,
  openReport,
  openStatement,
  TRUST_LIMITS,
  verifyStatementFork,
} from '../trust/index.ts'

const text = readFileSync('test/vectors/trust.json', 'utf8')
const vectors = JSON.parse(text) as Readonly<Record<string, string>>
const owner = asPeerId(vectors['owner'] ?? '')
const network = bytes('network')

function bytes(name: string): Uint8Array {
  const decoded = fromHex(vectors[name] ?? '')
  if (decoded === undefined) throw new Error(`${name} is not hexadecimal`)
  return decoded
}

/** Every truncation of `encoded`, and copies with one bit of each byte flipped. */
function* damaged(encoded: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < encoded.length; length++) yield encoded.subarray(0, length)
  for (const [at, byte] of encoded.entries()) yield encoded.with(at, byte ^ (1 << (at % 8)))
}

function isWord(encoded: Uint8Array): boolean {
  return openOwnerWord(nodeCrypto.verify, network, encoded).type === 'value'
}

const checks: Readonly<Record<string, (encoded: Uint8Array) => boolean>> = {
  statement: (encoded) => {
    const signed = decodeShape(signedRecord(TRUST_LIMITS.STATEMENT_BYTES_MAX), encoded)
    const context = { verify: nodeCrypto.verify, network, ownerOf: () => owner }
    return signed.type === 'value' && openStatement(context, signed.value).type === 'value'
  },
  statementFork: (encoded) => verifyStatementFork(nodeCrypto, encoded).type === 'value',
  bindingHalf: isWord,
  binding: isWord,
  unbinding: isWord,
  report: (encoded) => openReport(nodeCrypto.verify, network, encoded).type === 'value',
}

describe('the vectors of trust', () => {
  it('are what the code writes: run `npm run vectors` after a change of format or formula', () => {
    expect(text).toBe(trustVectors())
  })

  it.each(Object.entries(checks))('hold a %s, and nothing that is damaged', (name, check) => {
    expect(check(bytes(name))).toBe(true)
    expect([...damaged(bytes(name))].filter(check).length).toBe(0)
  })

  it('hold a score, which is signed by no one: what is damaged is another, or none', () => {
    const whole = bytes('score')
    for (const copy of damaged(whole)) {
      const decoded = decodeScore(copy)
      if (decoded.type === 'value') {
        const score = decoded.value
        expect(bytesEqual(encodeScore(score), copy)).toBe(true)
        expect(bytesEqual(copy, whole)).toBe(false)
      }
    }
  })
})
