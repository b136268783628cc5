import * as v8 from 'node:v8'
import { expect, it, vi } from 'vitest'
import { roomyHeap } from './roomy-heap.ts'

vi.mock('node:v8', () => ({ setFlagsFromString: vi.fn<(flags: string) => void>() }))

it('is roomy from the first who asks until the last is done', () => {
  const flags = vi.mocked(v8.setFlagsFromString)
  const [first, second] = [roomyHeap(), roomyHeap()]
  first()
  first()
  expect(flags.mock.calls).toEqual([['--heap-growing-percent=100']])
  second()
  expect(flags.mock.calls.at(-1)).toEqual(['--heap-growing-percent=0'])
  roomyHeap()()
  expect(flags.mock.calls).toHaveLength(4)
})
