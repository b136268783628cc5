import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../core/tensor.ts'
import type { TextStep } from './executor-spec.ts'
import { joinedSteps, readSteps, stepCommand, unfitStep } from './step-message.ts'

function stream(rows: number, first: number, width = 2): Tensor {
  const values = Float32Array.from({ length: rows * width }, (_, index) => first + index)
  return {
    name: 'stream',
    type: 'float32',
    dims: [1, rows, width],
    data: new Uint8Array(values.buffer),
  }
}

const STEPS: readonly TextStep[] = [
  {
    slot: 0xffff_ffff,
    rows: { position: 7, drawFrom: 0, tokens: [5, 6] },
    tensors: [stream(2, 10)],
  },
  { slot: 3, rows: { position: 0, drawFrom: 1, tokens: [9] }, tensors: [stream(1, 20)] },
]

function numbers({ data }: { readonly data: Uint8Array }): Int32Array {
  return new Int32Array(data.slice().buffer)
}

describe('a step message', () => {
  it('says what is added to which texts', () => {
    const command = numbers(stepCommand(STEPS))
    expect([...command]).toEqual([-1, 7, 0, 2, 5, 6, 3, 0, 1, 1, 9])
    expect(readSteps(command)).toEqual(STEPS.map(({ slot, rows }) => ({ slot, rows })))
  })

  it('is refused when it is cut short, or says no rows', () => {
    const command = numbers(stepCommand(STEPS))
    for (let end = 1; end < command.length; end++) {
      // Where the first text ends, what is left is a message of one.
      if (end === 6) continue
      expect(() => readSteps(command.subarray(0, end)), String(end)).toThrow('rows of a text')
    }
    expect(() => readSteps(Int32Array.of(1, 0, 0, 0))).toThrow('rows of a text')
    expect(() => readSteps(Int32Array.of(1, 0, 0, -3, 1))).toThrow('rows of a text')
  })

  it('has the rows of all texts behind one another', () => {
    const [joined] = joinedSteps(STEPS)
    expect(joined?.dims).toEqual([1, 3, 2])
    expect([...new Float32Array(joined?.data.slice().buffer ?? new ArrayBuffer(0))]).toEqual([
      10, 11, 12, 13, 20, 21,
    ])
    expect(joinedSteps(STEPS.slice(0, 1))).toBe(STEPS[0]?.tensors)
    expect(joinedSteps([])).toEqual([])
  })

  it('lets no text bring rows of another', () => {
    const [first, second] = STEPS
    if (first === undefined || second === undefined) throw new Error('no steps')
    const detail = (tensors: readonly Tensor[]) =>
      unfitStep([first, { ...second, tensors }])?.detail
    expect(unfitStep(STEPS)).toBeUndefined()
    expect(detail([stream(2, 0)])).toBe('expected [1,1,…], got [1,2,2]')
    expect(detail([stream(1, 0, 3)])).toBe('expected rows of one form in all texts')
    expect(detail([{ ...stream(1, 0), name: 'other' }])).toBe(
      'expected rows of one form in all texts',
    )
  })
})
