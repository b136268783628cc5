import { expect, it } from 'vitest'
import { textHops } from './text-hops.ts'

const ways = (stages: number, isRing: boolean) =>
  textHops(stages, isRing).map(({ from, to }) => `${from}>${to}`)

it('go through all stages and back, and in a ring from the last stage to the first', () => {
  expect(ways(1, false)).toEqual(['requester>0', '0>requester'])
  expect(ways(3, true)).toEqual(['requester>0', '0>1', '1>2', '2>requester', '2>0'])
})
