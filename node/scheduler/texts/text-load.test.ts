import { expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { TEXTS_TOGETHER_MAX } from '../../runtime/limits.ts'
import { TextLoad } from './text-load.ts'

const [A, B] = ['a', 'b'] as unknown as [PeerId, PeerId]

it('counts the texts of each device, and knows those that are full', () => {
  const load = new TextLoad()
  // A device with two stages of a text runs that text once.
  const ends = Array.from({ length: TEXTS_TOGETHER_MAX - 1 }, () => load.add([A, B, A]))
  expect([...load.full]).toEqual([])
  const end = load.add([A])
  expect([...load.full]).toEqual([A])
  end()
  end()
  expect([...load.full]).toEqual([])
  load.add([B])
  expect([...load.full]).toEqual([B])
  for (const over of ends) over()
  expect([...load.full]).toEqual([])
})
