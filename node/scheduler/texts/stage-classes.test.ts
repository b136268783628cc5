import { describe, expect, it } from 'vitest'
import { toHex } from '../../../core/bytes.ts'
import { StageClasses } from './stage-classes.ts'

const [a, b] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
const halves = [
  { fromLayer: 0, toLayer: 2 },
  { fromLayer: 2, toLayer: 4 },
]
const kept = halves.map((range) => ({ ...range, numericClass: toHex(a) }))

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

  it('cannot be compared where the model is cut in another way', () => {
    const classes = new StageClasses([{ fromLayer: 0, toLayer: 4 }], kept)
    expect(classes.asked).toEqual([undefined])
    expect(classes.cutOtherwise).toBe(true)
  })
})
