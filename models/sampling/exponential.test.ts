import { expect, it } from 'vitest'
import { expOf, logOf } from './exponential.ts'

const ULP = 2 ** -52

it('expOf is within 4 units in the last place of Math.exp', () => {
  let worst = 0
  for (let x = 0; x > -708; x -= 0.003_7) {
    worst = Math.max(worst, Math.abs(expOf(x) / Math.exp(x) - 1))
  }
  expect(worst).toBeLessThan(4 * ULP)
})

it('expOf never rises as its argument falls by a float32 step', () => {
  const steps = Array.from({ length: 40_000 }, (_, index) => Math.fround(-index / 1_000))
  const rising = steps.filter((x) => expOf(Math.fround(x - 0.000_01)) > expOf(x))
  expect(rising).toEqual([])
})

it('expOf is 1 at 0, and 0 where no normal double is left', () => {
  expect([0, -0, -709, -1e300, Number.NEGATIVE_INFINITY].map(expOf)).toEqual([1, 1, 0, 0, 0])
})

it('logOf is within 4 units in the last place of Math.log', () => {
  let worst = 0
  for (let x = 1e-6; x < 1e12; x *= 1.000_7) {
    const exact = Math.log(x)
    worst = Math.max(worst, Math.abs(logOf(x) - exact) / Math.max(1, Math.abs(exact)))
  }
  expect(worst).toBeLessThan(4 * ULP)
  expect(logOf(1)).toBe(0)
})

it('gives these bits in every engine', () => {
  const bits = (value: number) => new BigUint64Array(Float64Array.of(value).buffer)[0]?.toString(16)
  expect([-0.1, -1, -3.3, -20, -700].map((x) => bits(expOf(x)))).toEqual([
    '3fecf46d99d52b3b',
    '3fd78b56362cef38',
    '3fa2e259bb85be84',
    '3e21b48655f37267',
    'd14f2b0fb9307e',
  ])
  expect([0.05, 2, 3, 1e5, 151_936].map((x) => bits(logOf(x)))).toEqual([
    'c007f7427b73e391',
    '3fe62e42fefa39ef',
    '3ff193ea7aad030a',
    '4027069e2aa2aa5b',
    '4027dcc82aefe0d0',
  ])
})
