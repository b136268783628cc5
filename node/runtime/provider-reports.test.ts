import { describe, expect, it } from 'vitest'
import type { GpuAnswer } from './gpu.ts'
import { providerReports } from './provider-reports.ts'

const survey = {
  ortVersion: '1.30.0',
  dataBytes: 0,
  backends: [
    { name: 'cpu', bundled: 1 },
    { name: 'webgpu', bundled: 1 },
    { name: 'cuda', bundled: 0 },
  ],
}
const none = (): Promise<GpuAnswer> => Promise.resolve({ type: 'none', reason: 'no Vulkan' })

describe('provider reports', () => {
  it('give the reason of each provider that is not available', async () => {
    expect(await providerReports(survey, 'linux', none)).toEqual([
      { name: 'cpu', available: true },
      { name: 'webgpu', available: false, reason: 'no adapter: no Vulkan' },
      { name: 'cuda', available: false, reason: 'not bundled for this platform' },
      { name: 'coreml', available: false, reason: 'does not exist on linux' },
      { name: 'directml', available: false, reason: 'does not exist on linux' },
    ])
  })

  it('name the adapter, and do not look for one that onnxruntime could not use', async () => {
    const adapter = { type: 'adapter', adapter: 'apple m4', software: false } as const
    const mac = { ...survey, backends: [...survey.backends, { name: 'coreml', bundled: 1 }] }
    const bare = { ...survey, backends: [] }
    const fails = () => Promise.reject(new Error('asked in vain'))

    expect(await providerReports(mac, 'darwin', () => Promise.resolve(adapter))).toMatchObject([
      { name: 'cpu', available: true },
      { name: 'webgpu', available: true, adapter: 'apple m4', software: false },
      { name: 'cuda', available: false },
      { name: 'coreml', available: true },
      { name: 'directml', available: false },
    ])
    expect((await providerReports(bare, 'linux', fails))[1]).toMatchObject({ available: false })
  })
})
