import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { encodeHeader, type SignedHeader } from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { decodeHeaderFile, encodeHeaderFile, HEADER_FILE_BYTES_MAX } from './header-file.ts'
import { HeaderShelf } from './header-shelf.ts'

const { sha256 } = nodeCrypto
const four = testCommittee(4)

function headerIn(epoch: number): SignedHeader {
  const value = encodeHeader(headerBy(four, { epoch }))
  const ballot = { kind: 'precommit' as const, round: 0, value: sha256(value) }
  const certificate = quorumFor(four, ballot, { ...epochContext, epoch })
  return { value, certificate, committee: four.committee }
}

const headers = [40, 7, 12].map(headerIn)

describe('headers that lie at hand', () => {
  const shelf = new HeaderShelf(sha256)
  shelf.add([...headers, { ...headerIn(9), value: Uint8Array.of(1) }])
  const between = (after: number, before: number) =>
    shelf.between({ after, before, middle: Math.floor((after + before) / 2) })

  it('are found by their hash, and by what they lie between', () => {
    expect(shelf.withId(toHex(sha256(headerIn(12).value)))).toEqual(headerIn(12))
    expect(shelf.withId('00')).toBe(undefined)
    expect(shelf.oldest).toEqual(headerIn(7))
    expect(between(0, 40)).toEqual(headerIn(12))
    expect(between(0, 12)).toEqual(headerIn(7))
    expect(between(12, 40)).toBe(undefined)
  })
})

describe('a file of headers', () => {
  const file = encodeHeaderFile(headers)

  it('holds them in order, and is none when it is cut, too long or of another version', () => {
    expect(decodeHeaderFile(file)).toEqual(headers)
    for (let length = 0; length < file.length; length += 7) {
      expect(decodeHeaderFile(file.subarray(0, length))).toBe(undefined)
    }
    expect(decodeHeaderFile(new Uint8Array(HEADER_FILE_BYTES_MAX + 1))).toBe(undefined)
    expect(decodeHeaderFile(file.with(1, 0))).toBe(undefined)
  })
})
