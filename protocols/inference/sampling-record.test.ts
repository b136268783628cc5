import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import { samplingShape, type SamplingRecord } from './sampling-record.ts'

const record: SamplingRecord = {
  temperatureMicro: 800_000,
  topK: 40,
  topPMicro: 950_000,
  minPMicro: 50_000,
  repetitionPenaltyMicro: 1_100_000,
  repetitionWindow: 64,
  frequencyPenaltyMicro: -2_000_000,
  presencePenaltyMicro: 2_000_000,
  seed: Number.MAX_SAFE_INTEGER,
  logprobs: 5,
  logitBias: [{ token: 7, biasMicro: -100_000_000 }],
  stopTokens: [2, 49_151],
  minTokens: 1,
}
const VECTOR =
  '8d1a000c350018281a000e7ef019c3501a0010c8e01840001a003d09001b001fffffffffffff0581820700820219bfff01'

describe('the record of sampling settings', () => {
  it('has this encoding', () => {
    expect(toHex(encodeShape(samplingShape, record))).toBe(VECTOR)
    expect(decodeShape(samplingShape, fromHex(VECTOR) ?? new Uint8Array())).toEqual({
      type: 'value',
      value: record,
    })
  })

  it('is a value or a refusal for every truncation and every flipped bit', () => {
    const encoded = encodeShape(samplingShape, record)
    for (let length = 0; length < encoded.length; length++) {
      expect(decodeShape(samplingShape, encoded.subarray(0, length)).type).toBe('refused')
    }
    for (let bit = 0; bit < 8 * encoded.length; bit++) {
      const flipped = encoded.slice()
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      const decoded = decodeShape(samplingShape, flipped)
      if (decoded.type === 'value') {
        expect(encodeShape(samplingShape, decoded.value)).toEqual(flipped)
      }
    }
  })

  it('comes back as it was written, with signs', () => {
    const micro = fc.integer({ min: -2_000_000, max: 2_000_000 })
    fc.assert(
      fc.property(micro, micro, (frequencyPenaltyMicro, presencePenaltyMicro) => {
        const value = { ...record, frequencyPenaltyMicro, presencePenaltyMicro }
        expect(decodeShape(samplingShape, encodeShape(samplingShape, value))).toEqual({
          type: 'value',
          value,
        })
      }),
    )
  })
})
