import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { classKept, cutsKept, StageClasses, wiresWished } from './stage-classes.ts'

const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const ranges = [
  { fromLayer: 0, toLayer: 2 },
  { fromLayer: 2, toLayer: 4 },
]
const halves = { plan: { stages: ranges }, wires: [['f16' as const]] }
const kept = ranges.map((range, index) => ({
  ...range,
  numericClass: toHex(a),
  ...(index === 0 ? { wire: 'f16' as const } : {}),
}))

describe('numeric classes of the stages of a text', () => {
  it('are those of the devices that had the stages first', () => {
    const classes = new StageClasses(halves, undefined)
    expect([classes.asked, classes.kept]).toEqual([[undefined, undefined], undefined])
    expect([0, 1].map((stage) => classes.seated(stage, { numericClass: a }))).toEqual([true, true])
    expect(classes.seated(1, { numericClass: b })).toBe(false)
    expect(classes.seated(1, { numericClass: a })).toBe(true)
    expect(classes.kept).toEqual(kept)
  })

  it('are asked for when the text is taken up again', () => {
    const classes = new StageClasses(halves, kept)
    expect(classes.asked).toEqual([a, a])
    expect(classes.cutOtherwise).toBe(false)
    expect(classes.seated(0, { numericClass: b })).toBe(false)
  })

  it('are kept with those of the first devices, where all of one let the text be placed on such', () => {
    const [x, y] = ['11'.repeat(32), '22'.repeat(32)]
    const keptOf = (...devices: readonly (string | undefined)[]) => {
      const classes = new StageClasses(halves, undefined)
      for (const [stage, device] of devices.entries()) {
        classes.seated(stage, { numericClass: a }, device)
        classes.seated(stage, { numericClass: b }, y)
      }
      return classes.kept
    }
    const one = keptOf(x, x)
    expect(one).toEqual(kept.map((each) => ({ ...each, deviceClass: x })))
    expect(new StageClasses(halves, one).kept).toEqual(one)
    const stages = [one, keptOf(x, y), keptOf(x, undefined), kept, undefined]
    expect(stages.map((each) => classKept({ stages: each }))).toEqual([
      x,
      undefined,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('cannot be compared where the model is cut in another way', () => {
    const classes = new StageClasses(
      { plan: { stages: [{ fromLayer: 0, toLayer: 4 }] }, wires: [[]] },
      kept,
    )
    expect(classes.asked).toEqual([undefined])
    expect(classes.cutOtherwise).toBe(true)
  })
})

describe('floats at the cuts of a text', () => {
  it('cross as they did when it was begun', () => {
    expect(wiresWished({ stages: kept }, 'f32')).toEqual([{ layer: 2, wire: 'f16' }])
    expect(wiresWished({ stages: kept.slice(1) }, 'f16')).toEqual([])
  })

  it('cross as was asked where nothing was kept of it', () => {
    const older = ranges.map((range) => ({ ...range, numericClass: toHex(a) }))
    for (const each of [undefined, {}, { stages: older }]) {
      expect(wiresWished(each, 'f16')).toBe('f16')
    }
  })
})

describe('cuts of a text', () => {
  it('are where they were when it was begun', () => {
    expect(cutsKept({ stages: kept }, 4)).toEqual([2])
    expect(cutsKept({ stages: [{ ...kept[0]!, toLayer: 4 }] }, 4)).toEqual([])
  })

  it.each([
    ['nothing was kept', undefined, 4],
    ['its stages were not', {}, 4],
    ['the first ones are missing', { stages: kept.slice(1) }, 4],
    ['the model has more layers', { stages: kept }, 5],
    ['they are in disorder', { stages: kept.toReversed() }, 4],
  ])('are free where %s', (_, before, layers) => {
    expect(cutsKept(before, layers)).toBe(undefined)
  })
})
