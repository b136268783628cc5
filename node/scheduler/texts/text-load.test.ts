import { expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { TEXTS_TOGETHER_MAX } from '../../runtime/limits.ts'
import { TextLoad } from './text-load.ts'

const [A, B] = ['a', 'b'] as unknown as [PeerId, PeerId]
const NOBODY: ReadonlySet<PeerId> = new Set()

it('counts the texts of each device, and knows those that are full', () => {
  const load = new TextLoad(() => 0)
  // A device with two stages of a text runs that text once.
  const ends = Array.from({ length: TEXTS_TOGETHER_MAX - 1 }, () => load.add([A, B, A]))
  expect([...load.full(NOBODY)]).toEqual([])
  const end = load.add([A])
  expect([...load.full(NOBODY)]).toEqual([A])
  end()
  end()
  expect([...load.full(NOBODY)]).toEqual([])
  load.add([B])
  expect([...load.full(NOBODY)]).toEqual([B])
  for (const over of ends) over()
  expect([...load.full(NOBODY)]).toEqual([])
})

it('heeds who says that it is full, but where texts of this device are or were', () => {
  let nowMs = 0
  const load = new TextLoad(() => nowMs)
  const busy = new Set([A, B])
  const end = load.add([A])
  expect([...load.full(busy)]).toEqual([B])
  end()
  nowMs = 29_999
  expect([...load.full(busy)]).toEqual([B])
  nowMs = 30_000
  expect([...load.full(busy)]).toEqual([A, B])
})
