import { describe, expect, it } from 'vitest'
import { grown, meanWithin, textRegions, type TextMap } from './text-regions.ts'

const INIT = { threshold: 0.3, scoreMin: 0.6, growth: 1.5, sideMin: 3 }

/** A map of zeros with `value` on the pixels from (x, y) on, `width` by `height` of them. */
function mapWith(
  box: { x: number; y: number; width: number; height: number },
  value: number,
): TextMap {
  const map = { width: 64, height: 64, values: new Float32Array(64 * 64) }
  for (let y = box.y; y < box.y + box.height; y++) {
    map.values.fill(value, y * 64 + box.x, y * 64 + box.x + box.width)
  }
  return map
}

describe('grown', () => {
  it('moves each side out by area times ratio over perimeter', () => {
    const kernel = { centre: { x: 9, y: 9 }, width: 30, height: 10, angle: 0.3 }
    expect(grown(kernel, 1.6)).toEqual({ ...kernel, width: 42, height: 22 })
  })

  it('leaves a point where it is', () => {
    const kernel = { centre: { x: 9, y: 9 }, width: 8, height: 0, angle: 0 }
    expect(grown(kernel, 1.6)).toEqual(kernel)
  })
})

describe('meanWithin', () => {
  it('takes the pixels whose centres lie within, the border included', () => {
    const map = mapWith({ x: 10, y: 10, width: 5, height: 5 }, 1)
    const within = (width: number): number =>
      meanWithin(map, { centre: { x: 12, y: 12 }, width, height: 4, angle: 0 })
    expect([within(4), within(8)]).toEqual([1, 25 / 45])
  })

  it('is zero off the map', () => {
    const map = mapWith({ x: 0, y: 0, width: 64, height: 64 }, 1)
    expect(meanWithin(map, { centre: { x: 99, y: 9 }, width: 4, height: 4, angle: 0 })).toBe(0)
  })
})

describe('textRegions', () => {
  it('grows a kernel and scales it to the picture', () => {
    const map = mapWith({ x: 10, y: 20, width: 31, height: 11 }, 0.75)
    const [region, ...others] = textRegions(map, { width: 128, height: 64 }, INIT)
    expect(others).toEqual([])
    expect(region?.score).toBe(0.75)
    // 30 by 10 grows by 300 · 1.5 / 80 = 5.625 on each side; x counts double.
    expect(region?.quad).toEqual([
      { x: 9.75, y: 14.875 },
      { x: 92.25, y: 14.875 },
      { x: 92.25, y: 36.125 },
      { x: 9.75, y: 36.125 },
    ])
  })

  it('lets the text of a tall region run down', () => {
    const map = mapWith({ x: 20, y: 10, width: 11, height: 31 }, 1)
    const [region] = textRegions(map, map, INIT)
    const [first, second] = region?.quad ?? []
    expect(first?.x).toBe(second?.x)
    expect((second?.y ?? 0) - (first?.y ?? 0)).toBe(41.25)
  })

  it('drops kernels that are faint, unsure or thin', () => {
    const box = { x: 10, y: 20, width: 31, height: 11 }
    const faint = textRegions(mapWith(box, 0.3), { width: 64, height: 64 }, INIT)
    const unsure = textRegions(mapWith(box, 0.5), { width: 64, height: 64 }, INIT)
    const thin = textRegions(mapWith({ ...box, height: 3 }, 1), { width: 64, height: 64 }, INIT)
    expect([faint, unsure, thin]).toEqual([[], [], []])
  })
})
