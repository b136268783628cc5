import { expect, it } from 'vitest'
import { Samples } from './samples.ts'

it('knows no quantile without samples', () => {
  expect([new Samples().quantile(0.5), new Samples().count]).toEqual([undefined, 0])
})

it('gives the value below which a share of the samples lies', () => {
  const samples = new Samples()
  for (const value of [5, 1, 4, 2, 3]) samples.add(value)
  expect([0, 0.5, 0.95, 1].map((rank) => samples.quantile(rank))).toEqual([1, 3, 5, 5])
})

it('keeps the latest samples, and counts all of them', () => {
  const samples = new Samples()
  for (let value = 0; value < 5_000; value++) samples.add(value)
  expect([samples.count, samples.quantile(0), samples.quantile(1)]).toEqual([5_000, 4_488, 4_999])
})
