import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { BulkGate } from './bulk-gate.ts'

const never = new AbortController().signal
const CHUNK_BYTES = 1_000_000

/** Chunks that pass within 10 s of an uplink that takes a chunk in 100 ms. */
async function chunksIn10s(level: number): Promise<number> {
  const clock = new ManualClock()
  const gate = new BulkGate(clock)
  gate.set(level)
  gate.sent(CHUNK_BYTES, 100)
  let passed = 0
  const stop = new AbortController()
  const running = (async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await gate.pass(CHUNK_BYTES, stop.signal)
      passed++
      await clock.sleep(100, stop.signal)
    }
  })()
  await clock.advance(10_000)
  stop.abort()
  await running
  return passed
}

describe('a gate for blobs', () => {
  it('lets a share of the uplink through', async () => {
    expect(await chunksIn10s(1)).toBeGreaterThanOrEqual(100)
    const quarter = await chunksIn10s(0.25)
    expect(quarter).toBeGreaterThanOrEqual(23)
    expect(quarter).toBeLessThanOrEqual(28)
  })

  it('is closed at level 0, and open before it was told anything', () => {
    const gate = new BulkGate(new ManualClock())
    expect(gate.open).toBe(true)
    gate.set(0)
    expect(gate.open).toBe(false)
  })

  it('does not wait for a network of which it knows nothing', async () => {
    const gate = new BulkGate(new ManualClock())
    gate.set(0.25)
    await expect(gate.pass(CHUNK_BYTES, never)).resolves.toBeUndefined()
  })
})
