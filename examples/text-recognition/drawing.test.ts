import { describe, expect, it } from 'vitest'
import { drawQuads } from './drawing.ts'
import { quadOf } from './geometry.ts'
import { blankImage, type RgbImage } from './image.ts'

const PAPER = blankImage(40, 30, [255, 255, 255])

/** The picture as text: a dot for paper, a sign for anything else. */
function marks({ width, height, pixels }: RgbImage): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (__, x) =>
      pixels[(y * width + x) * 3 + 1] === 255 ? '.' : '#',
    ).join(''),
  )
}

describe('drawQuads', () => {
  it('outlines a quad two pixels wide and numbers it outside its first corner', () => {
    const quad = quadOf({ centre: { x: 26, y: 22 }, width: 20, height: 8, angle: 0 })
    const rows = marks(drawQuads(PAPER, [quad]))
    expect(rows.slice(3, 19)).toEqual([
      '........................................',
      '......##########........................',
      '......##########........................',
      '......####..####........................',
      '......####..####........................',
      '......##....####........................',
      '......##....####........................',
      '......####..####........................',
      '......####..####........................',
      '......####..####........................',
      '......####..####........................',
      '......##......##........................',
      '......##......##........................',
      '......##########........................',
      '......###############################...',
      '...............######################...',
    ])
  })

  it('leaves the picture that it was given as it is', () => {
    drawQuads(PAPER, [quadOf({ centre: { x: 20, y: 20 }, width: 9, height: 9, angle: 0 })])
    expect(new Set(PAPER.pixels)).toEqual(new Set([255]))
  })

  it('draws what lies within the picture of a quad that leaves it', () => {
    const quad = quadOf({ centre: { x: 0, y: 0 }, width: 500, height: 20, angle: 0 })
    expect(marks(drawQuads(PAPER, [quad]))[10]?.slice(10)).toBe('#'.repeat(30))
  })
})
