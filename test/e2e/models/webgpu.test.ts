/**
 * WebGPU on a software adapter: SwiftShader as Debian's package `chromium` brings it.
 *
 * Software computes slowly and proves one thing: that the path to a GPU works.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { plainProbe, probeInputs } from '../../../node/runtime/self-test.ts'
import { DOUBLE, type RuntimeFixture, runtimeFixture } from '../../fixtures/runtime.ts'

const SOFTWARE_ADAPTER = '/usr/lib/chromium/vk_swiftshader_icd.json'
const found = existsSync(SOFTWARE_ADAPTER)
/** Chromium brings the Vulkan loader beside its driver. */
const environment = {
  VK_ICD_FILENAMES: SOFTWARE_ADAPTER,
  LD_LIBRARY_PATH: '/usr/lib/chromium',
}

describe.skipIf(!found)('webgpu on a software adapter (needs the Debian package chromium)', () => {
  let fixture: RuntimeFixture

  beforeAll(async () => {
    fixture = await runtimeFixture({ environment })
  })

  afterAll(async () => {
    await fixture[Symbol.asyncDispose]()
  })

  it('names the adapter', async () => {
    const reports = await fixture.runtime.providers()

    expect(reports.find(({ name }) => name === 'webgpu')).toMatchObject({
      available: true,
      software: true,
      adapter: expect.stringContaining('swiftshader') as string,
    })
  })

  it('multiplies matrices rightly', { timeout: 60_000 }, async () => {
    const answer = await fixture.runtime.gpu('benchmark')

    expect(answer).toMatchObject({ type: 'adapter' })
    const benchmark = answer.type === 'adapter' ? answer.benchmark : undefined
    expect(benchmark?.gflopsPerS).toBeGreaterThan(0)
    expect(benchmark?.errorMax).toBeLessThan(1e-4)
  })

  it('passes the self-test of a stage', { timeout: 60_000 }, async () => {
    const executor = await fixture.runtime.load(await fixture.spec(DOUBLE, { provider: 'webgpu' }))
    const probe = plainProbe(probeInputs(executor.inputs, { n: 64 }))
    const { exact } = await fixture.runtime.selfTest(executor, { stage: 'double', probe })

    expect(exact).toBe(true)
    await executor.stop()
  })
})
