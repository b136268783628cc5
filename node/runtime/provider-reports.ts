/**
 * Which execution providers run on this device, and for each other one, why not.
 *
 * @module
 */

import type { SurveyedMessage } from './executor-messages.ts'
import type { GpuAnswer } from './gpu.ts'
import { type Provider, PROVIDERS, type ProviderReport } from './provider.ts'

/** What onnxruntime's list of backends calls each provider that is not always there. */
const BACKEND_NAMES: Readonly<Record<Exclude<Provider, 'cpu'>, string>> = {
  webgpu: 'webgpu',
  cuda: 'cuda',
  coreml: 'coreml',
  directml: 'dml',
}

/** Systems that a provider exists on at all. */
const PLATFORMS: Readonly<Record<Provider, readonly NodeJS.Platform[] | undefined>> = {
  cpu: undefined,
  webgpu: undefined,
  cuda: ['linux', 'win32'],
  coreml: ['darwin'],
  directml: ['win32'],
}

/** One report for each provider, in the order of {@link PROVIDERS}. */
export function providerReports(
  survey: SurveyedMessage,
  platform: NodeJS.Platform,
  adapter: () => Promise<GpuAnswer>,
): Promise<readonly ProviderReport[]> {
  return Promise.all(
    PROVIDERS.map(async (name): Promise<ProviderReport> => {
      if (name === 'cpu') return { name, available: true }
      const platforms = PLATFORMS[name]
      if (platforms !== undefined && !platforms.includes(platform)) {
        return { name, available: false, reason: `does not exist on ${platform}` }
      }
      const backend = survey.backends.find((entry) => entry.name === BACKEND_NAMES[name])
      if (backend?.bundled !== 1) {
        return { name, available: false, reason: 'not bundled for this platform' }
      }
      return name === 'webgpu' ? webgpuReport(adapter) : { name, available: true }
    }),
  )
}

async function webgpuReport(adapter: () => Promise<GpuAnswer>): Promise<ProviderReport> {
  const name = 'webgpu'
  const answer = await adapter()
  if (answer.type === 'none') {
    return { name, available: false, reason: `no adapter: ${answer.reason}` }
  }
  return { name, available: true, adapter: answer.adapter, software: answer.software }
}
