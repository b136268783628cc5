import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { systemClock } from '../system/system-clock.ts'
import type { DeviceReport } from './device-report.ts'
import { multiply } from './javascript-gemm.ts'
import { type MeasureComponents, measureDevice } from './measure-device.ts'
import { offeredCapabilities } from './offered-capabilities.ts'

let directory: string

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'brume-device-'))
})

afterEach(() => rm(directory, { recursive: true, force: true }))

const gemm = async () => ({ f32MflopsPerS: 50_000, int8MopsPerS: 90_000 })

function measure(
  change: Partial<MeasureComponents> = {},
  init: { readonly benchmark?: boolean; readonly refresh?: boolean } = {},
): Promise<DeviceReport> {
  const { signal } = new AbortController()
  const components = { clock: systemClock, logger: SILENT_LOGGER, gemm, ...change }
  return measureDevice(
    components,
    { directory, benchmark: true, refresh: false, eachMs: 5, ...init },
    signal,
  )
}

describe('device', () => {
  it('is measured once, and read from the cache afterwards', async () => {
    const first = await measure()
    expect(first).toMatchObject({
      cached: false,
      benchmark: { gemmBy: 'runtime', int8MopsPerS: 90_000 },
    })
    expect(first.benchmark?.memoryMBPerS).toBeGreaterThan(0)
    expect(first.benchmark?.storageWriteMBPerS).toBeGreaterThan(0)
    const again = await measure({ gemm: () => Promise.reject(new Error('measured again')) })
    expect({ ...again, memoryFreeBytes: 0, diskFreeBytes: 0, cached: false }).toEqual({
      ...first,
      memoryFreeBytes: 0,
      diskFreeBytes: 0,
    })
    expect(again.cached).toBe(true)
  })

  it('is known without its speeds when it is not to be measured', async () => {
    const report = await measure({}, { benchmark: false })
    expect(report.benchmark).toBeUndefined()
    expect(report.cores).toBeGreaterThanOrEqual(1)
    expect((await measure()).benchmark).toBeDefined()
  })

  it('is measured anew when the cache is of another machine, or damaged', async () => {
    const path = join(directory, 'device.json')
    await measure()
    const cached = JSON.parse(await readFile(path, 'utf8')) as object
    await writeFile(path, JSON.stringify({ ...cached, fingerprint: 'another' }))
    expect((await measure()).cached).toBe(false)
    await writeFile(path, '{ "version": 1')
    expect((await measure()).cached).toBe(false)
  })

  it('starts without speeds where nothing can be measured', async () => {
    const missing = join(directory, 'missing')
    const { signal } = new AbortController()
    const components = { clock: systemClock, logger: SILENT_LOGGER, gemm }
    const init = { directory: missing, benchmark: true, refresh: false, eachMs: 5 }
    const report = await measureDevice(components, init, signal)
    expect(report).toMatchObject({ benchmark: undefined, diskFreeBytes: 0 })
  })

  it('measures matrix products itself when the runtime cannot', async () => {
    const report = await measure({ gemm: () => Promise.reject(new Error('no runtime')) })
    expect(report.benchmark?.gemmBy).toBe('javascript')
    expect(report.benchmark?.f32MflopsPerS).toBeGreaterThan(0)
  })

  it('offers what it has within what its owner allows', async () => {
    const providers = [
      { name: 'webgpu', available: true },
      { name: 'cuda', available: false, reason: 'no driver' },
      { name: 'cpu', available: true },
    ]
    const report = await measure({ providers: async () => providers }, { benchmark: false })
    const offered = offeredCapabilities(report, {
      name: 'laptop',
      software: '0.1.0',
      workMemoryBytesMax: 2 ** 20,
      leaseMs: 600_000,
      tasks: ['infer'],
    })
    expect(offered).toMatchObject({
      name: 'laptop',
      providers: ['cpu', 'webgpu'],
      memoryFreeBytes: 2 ** 20,
      speeds: { f32MflopsPerS: 0 },
    })
  })
})

describe('matrix product in plain JavaScript', () => {
  it('is right', () => {
    const c = new Float32Array(4)
    multiply(Float32Array.of(1, 2, 3, 4), Float32Array.of(5, 6, 7, 8), c)
    expect([...c]).toEqual([19, 22, 43, 50])
    const sums = new Int32Array(4)
    multiply(Int8Array.of(-128, 127, 1, 0), Int8Array.of(127, 0, 0, 1), sums)
    expect([...sums]).toEqual([-16_256, 127, 127, 0])
  })
})
