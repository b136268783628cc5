import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { code } from '../../test/fixtures/mesh.ts'
import { fromBase32, toBase32 } from './base32.ts'
import { decodeAddress, encodeAddress } from './code-address.ts'
import { decodeInviteCode, encodeInviteCode } from './invite-code.ts'
import { CODE_BYTES_MAX } from './limits.ts'

const { sha256 } = nodeCrypto
const encode = (change = {}): string => encodeInviteCode(code(change), sha256)
const decode = (text: string) => decodeInviteCode(text, sha256)
const malformed = { type: 'refused', code: 'JOIN_CODE_MALFORMED' }

describe('invite code', () => {
  it('says the same after a journey as text', () => {
    expect(decode(encode())).toEqual({ type: 'code', code: code() })
  })

  it('is the same text in every version of this program', () => {
    expect(encode()).toMatchInlineSnapshot(
      `"brume1aejjzkmqdqqvnlsdgf5gpj3s2v7i7cui4poxicprsx6vfwznhs5f24wkm4e36hmucin7g5eiag2a6324nne6aeccijbeeqscijbeeqscijbeeqscchakqaiudufcd7uaaaaaaaaaaaaaaaaaaaaaaai5bkoz4evf"`,
    )
  })

  it('is read in capitals, with spaces and line breaks, and as a link', () => {
    const text = encode()
    const pasted = [text.toUpperCase(), ` ${text}\n`, text.replace(/(.{20})/g, '$1\n  ')]
    for (const variant of [...pasted, `brume://join/${text}`]) {
      expect(decode(variant)).toEqual({ type: 'code', code: code() })
    }
  })

  it('fits a QR code of 24 rows whatever its addresses', () => {
    const addresses = ['/dns/a-rather-long-name.example.org/tcp/7434/ws', '/ip6/2001:db8::1/tcp/1']
    const bytes = fromBase32(encode({ addresses }).slice('brume1'.length))
    expect(bytes?.length).toBeLessThanOrEqual(CODE_BYTES_MAX)
  })

  it('leaves out addresses that have no short form', () => {
    const addresses = ['/memory/7', '/ip4/10.0.0.1/tcp/1/p2p-circuit', '/ip4/10.0.0.1/tcp/70000']
    expect(decode(encode({ addresses }))).toEqual({ type: 'code', code: code({ addresses: [] }) })
  })

  it('refuses every text in which one character is another', () => {
    const text = encode()
    const wrong = Array.from(text, (character, index) => {
      const other = character === 'a' ? 'b' : 'a'
      return decode(text.slice(0, index) + other + text.slice(index + 1)).type
    })
    expect(new Set(wrong)).toEqual(new Set(['refused']))
  })

  it('refuses every beginning of a code', () => {
    const text = encode()
    const results = Array.from(text, (_, length) => decode(text.slice(0, length)).type)
    expect(new Set(results)).toEqual(new Set(['refused']))
  })

  it('tells a later version from nonsense', () => {
    expect(decode(`brume2${encode().slice(6)}`)).toEqual({
      type: 'refused',
      code: 'JOIN_VERSION_UNSUPPORTED',
    })
    expect(decode('not a code')).toEqual(malformed)
    expect(decode('brume1')).toEqual(malformed)
    expect(decode('x'.repeat(10_000))).toEqual(malformed)
  })

  it('never throws, whatever is pasted', () => {
    fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => decode(text).type === 'refused'))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const text = `brume1${toBase32(bytes)}`
        return decode(text).type === 'refused'
      }),
    )
  })
})

describe('base32', () => {
  it('gives the vectors of RFC 4648, in lower case and without padding', () => {
    const texts = ['', 'my', 'mzxq', 'mzxw6', 'mzxw6yq', 'mzxw6ytb', 'mzxw6ytboi']
    const words = texts.map((_, length) => new TextEncoder().encode('foobar'.slice(0, length)))
    expect(words.map(toBase32)).toEqual(texts)
    expect(texts.map(fromBase32)).toEqual(words)
  })

  it('has one text for each value', () => {
    const oneForm = (text: string): boolean => {
      const bytes = fromBase32(text)
      return bytes === undefined || toBase32(bytes) === text
    }
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'z', '2', '7'), maxLength: 40 })
    fc.assert(fc.property(letters, oneForm))
  })
})

describe('address in a code', () => {
  it.each([
    '/ip4/192.168.1.20/tcp/7434',
    '/ip4/10.0.0.1/udp/65535/quic-v1',
    '/ip6/2001:db8::1:0:0:1/tcp/7435/ws',
    '/ip6/::1/tcp/1',
    '/ip6/::/tcp/1',
    '/ip6/1:2:3:4:5:6:7:8/tcp/1',
    '/ip6/10:0:1::/tcp/1',
    '/dns/home.example.org/tcp/443/ws',
  ])('keeps %s', (address) => {
    const bytes = encodeAddress(address) ?? new Uint8Array(0)
    expect(decodeAddress(bytes, 0)).toEqual({ address, next: bytes.length })
  })

  it('keeps every IPv6 address, in its one short form', () => {
    const groups = fc.array(fc.oneof(fc.constant(0), fc.nat(0xffff)), {
      minLength: 8,
      maxLength: 8,
    })
    const kept = (parts: readonly number[]): boolean => {
      const long = `/ip6/${parts.map((part) => part.toString(16)).join(':')}/tcp/1`
      const bytes = encodeAddress(long)
      const short = bytes && decodeAddress(bytes, 0)?.address
      const again = short === undefined ? undefined : encodeAddress(short)
      return again !== undefined && Buffer.compare(again, bytes ?? again) === 0
    }
    fc.assert(fc.property(groups, kept))
  })
})
