import { describe, expect, it } from 'vitest'
import { blankImage, type RgbImage } from './image.ts'
import { detectionInput, detectionSize, lineInput, paddedLineWidth } from './network-input.ts'

function floats(data: Uint8Array): number[] {
  return [...new Float32Array(data.slice().buffer)].map((value) => +value.toFixed(4))
}

describe('detectionSize', () => {
  it('scales the longer side down and rounds both to multiples of 32', () => {
    expect(detectionSize({ width: 1000, height: 750 }, 736)).toEqual({ width: 736, height: 544 })
    expect(detectionSize({ width: 100, height: 3000 }, 736)).toEqual({ width: 32, height: 736 })
  })

  it('never scales up beyond the rounding', () => {
    expect(detectionSize({ width: 10, height: 50 }, 736)).toEqual({ width: 32, height: 64 })
  })
})

describe('detectionInput', () => {
  it('is planes of blue, green and red, each normalised by its own mean and deviation', () => {
    const red = blankImage(32, 32, [255, 0, 0])
    const input = detectionInput(red, { width: 32, height: 32 })
    const values = floats(input.data)
    expect({ ...input, data: [values[0], values[1024], values[2048]] }).toEqual({
      name: 'x',
      type: 'float32',
      dims: [1, 3, 32, 32],
      data: [-2.1179, -2.0357, 2.64],
    })
  })
})

describe('lineInput', () => {
  it('puts the line to the left and zero to the right of it', () => {
    const line: RgbImage = blankImage(48, 48, [255, 255, 255])
    const input = lineInput(line, 64)
    expect(input.dims).toEqual([1, 3, 48, 64])
    expect(floats(input.data).slice(46, 50)).toEqual([1, 1, 0, 0])
  })

  it('squeezes a line that is too long', () => {
    const input = lineInput(blankImage(500, 48, [0, 0, 0]), 64)
    expect(new Set(floats(input.data))).toEqual(new Set([-1]))
  })
})

describe('paddedLineWidth', () => {
  it('is the narrowest of few widths that holds the line at 48 pixels height', () => {
    const widths = [
      [10, 48],
      [320, 48],
      [321, 48],
      [200, 12],
      [9000, 48],
    ] as const
    const padded = widths.map(([width, height]) =>
      paddedLineWidth(blankImage(width, height, [0, 0, 0])),
    )
    expect(padded).toEqual([320, 320, 480, 960, 1280])
  })
})
