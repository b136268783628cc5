import { expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { KernelExecutor, type KernelFault } from '../../test/fixtures/text-kernel.ts'
import { deviceClass } from './device-class.ts'

/** A device, which counts the models that it loads for its class. */
class Device {
  readonly store = new MemoryStore()
  loads = 0

  class({ ortVersion = '1', processor = 'avx2', fault }: Partial<Environment> = {}) {
    return deviceClass({
      logger: SILENT_LOGGER,
      store: this.store,
      processor: async () => processor,
      runtime: {
        survey: async () => ({ ortVersion }),
        load: async () => {
          this.loads++
          return new KernelExecutor(fault, ortVersion)
        },
      },
    })
  }
}

interface Environment {
  readonly ortVersion: string
  readonly processor: string
  readonly fault: KernelFault
}

it('is that of runtime, processor and bits', async () => {
  const first = await new Device().class()
  expect(first).toMatch(/^[0-9a-f]{64}$/)
  expect(await new Device().class()).toBe(first)
  const others = await Promise.all([
    new Device().class({ ortVersion: '2' }),
    new Device().class({ processor: 'avx512f' }),
    new Device().class({ fault: ({ rows }) => rows > 100 }),
  ])
  expect(new Set([first, ...others]).size).toBe(4)
})

it('is known after a restart, for as long as runtime and processor stay', async () => {
  const device = new Device()
  const first = await device.class()
  expect([await device.class(), device.loads]).toEqual([first, 2])
  await device.class({ ortVersion: '2' })
  expect(device.loads).toBe(4)
  await device.class({ ortVersion: '2', processor: 'avx512f' })
  expect(device.loads).toBe(6)
})

it('is found anew where it was not kept or cannot be read', async () => {
  const device = new Device()
  device.store.failure = new Error('disk full')
  const first = await device.class()
  device.store.failure = undefined
  expect(await device.class()).toBe(first)
  for (const key of device.store.values.keys()) device.store.values.set(key, Uint8Array.of(7))
  expect([await device.class(), device.loads]).toEqual([first, 6])
})

it('is found anew where a bit of what was kept has changed', async () => {
  const device = new Device()
  const first = await device.class()
  const [[key, kept] = ['', new Uint8Array(0)]] = [...device.store.values]
  const damaged = kept.slice()
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1
  device.store.values.set(key, damaged)
  expect([await device.class(), device.loads]).toEqual([first, 4])
})
