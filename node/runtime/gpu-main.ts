/**
 * The process that asks Dawn for a GPU, and with `benchmark` multiplies matrices on it.
 *
 * Writes one message to descriptor 3 and ends.
 *
 * @module
 */

import { encodeShape } from '../../core/cbor-shape.ts'
import { write } from './blocking-socket.ts'
import { controlFrame } from './executor-wire.ts'
import { GPU_MESSAGE, type GpuMessage } from './gpu.ts'
import { benchmark } from './gpu-benchmark.ts'
import { MESSAGE_CHARACTERS_MAX, NAME_CHARACTERS_MAX } from './limits.ts'

/** Held to the end: when it is collected, what was made from it crashes. */
let gpu: GPU | undefined

write([controlFrame('surveyed', 0, encodeShape(GPU_MESSAGE, await answer()))])
// Dawn's threads would keep the process alive.
process.exit(0)

async function answer(): Promise<GpuMessage> {
  const none = { adapter: '', software: 0, benchmark: undefined }
  try {
    const { create, globals } = await import('webgpu')
    Object.assign(globalThis, globals)
    gpu = create([])
    const adapter = await gpu.requestAdapter()
    if (adapter === null) return { ...none, reason: 'Dawn finds no Vulkan, Metal or D3D12 device' }
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info
    const words = [vendor, architecture, description === '' ? device : description]
    return {
      reason: undefined,
      adapter: words
        .filter((word) => word !== '')
        .join(' ')
        .slice(0, NAME_CHARACTERS_MAX),
      software: isFallbackAdapter ? 1 : 0,
      benchmark: process.argv.includes('benchmark') ? await benchmark(adapter) : undefined,
    }
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error)
    return { ...none, reason: text.slice(0, MESSAGE_CHARACTERS_MAX) }
  }
}
