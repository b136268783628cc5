import { expect, it } from 'vitest'
import { shrunk } from './shrinking.ts'

const PEACE = { faults: [], liars: new Map<number, string>(), loss: 0 }

it('leaves what a failure needs, and nothing else', async () => {
  const plan = {
    devices: 4,
    faults: [1, 2, 3, 4],
    liars: new Map([
      [1, 'slow'],
      [3, 'silent'],
    ]),
    loss: 0.5,
  }
  const smallest = await shrunk<typeof plan>(plan, PEACE, async ({ faults, liars }) =>
    faults.includes(2) && faults.includes(4) && liars.has(3) ? ['fails'] : [],
  )
  expect(smallest).toEqual({
    devices: 4,
    faults: [2, 4],
    liars: new Map([[3, 'silent']]),
    loss: 0,
  })
})

it('comes to an end where everything fails', async () => {
  const plan = { faults: [1, 2], liars: new Map([[1, 'slow']]), loss: 1 }
  expect(await shrunk<typeof plan>(plan, PEACE, async () => ['fails'])).toEqual(PEACE)
})
