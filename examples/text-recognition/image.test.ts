import { describe, expect, it } from 'vitest'
import { TextError } from './errors.ts'
import { blankImage, decodePng, encodePng, halfTurn, type RgbImage } from './image.ts'

const PICTURE: RgbImage = {
  width: 2,
  height: 1,
  pixels: Uint8Array.of(1, 2, 3, 250, 251, 252),
}

function codeOf(act: () => unknown): string {
  try {
    act()
  } catch (error) {
    if (error instanceof TextError) return error.code
    throw error
  }
  return 'none'
}

describe('a PNG picture', () => {
  it('comes back as it was written', () => {
    const { width, height, pixels } = decodePng(encodePng(PICTURE))
    expect({ width, height, pixels }).toEqual(PICTURE)
  })

  it('is refused when any byte of its pixels is missing', () => {
    const png = encodePng(blankImage(16, 16, [9, 9, 9]))
    const codes = new Set<string>()
    for (let length = 0; length < png.length - 12; length++) {
      codes.add(codeOf(() => decodePng(png.subarray(0, length))))
    }
    expect([...codes]).toEqual(['TEXT_IMAGE_INVALID'])
  })

  it('is refused before it is unpacked when it claims too many pixels', () => {
    const png = Buffer.from(encodePng(PICTURE))
    png.writeUInt32BE(100_000, 16)
    expect(codeOf(() => decodePng(png))).toBe('TEXT_IMAGE_TOO_LARGE')
  })

  it('is refused without a row', () => {
    const png = Buffer.from(encodePng(PICTURE))
    png.writeUInt32BE(0, 20)
    expect(codeOf(() => decodePng(png))).toBe('TEXT_IMAGE_INVALID')
  })
})

describe('halfTurn', () => {
  it('puts the last pixel first and keeps its colours', () => {
    expect(halfTurn(PICTURE).pixels).toEqual(Uint8Array.of(250, 251, 252, 1, 2, 3))
  })
})
