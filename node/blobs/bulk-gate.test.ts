import { describe, expect, it } from 'vitest'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { BulkGate } from './bulk-gate.ts'

const CHUNK_BYTES = 1_000_000

interface Uplink {
  chunkMs: number
}

/** Chunks one after another through `gate` for `ms`; how many that were. */
async function serve(
  gate: BulkGate,
  clock: ManualClock,
  { ms, uplink }: { readonly ms: number; readonly uplink: Uplink },
): Promise<number> {
  let passed = 0
  const stop = new AbortController()
  const running = (async (): Promise<void> => {
    for (;;) {
      await gate.pass(CHUNK_BYTES, stop.signal)
      if (stop.signal.aborted) return
      gate.sending()
      await clock.sleep(uplink.chunkMs, stop.signal)
      gate.sent(CHUNK_BYTES)
      passed++
    }
  })()
  await clock.advance(ms)
  stop.abort()
  await running
  return passed
}

function setup(level: number) {
  const clock = new ManualClock()
  const gate = new BulkGate(clock)
  gate.set(level)
  return { clock, gate, uplink: { chunkMs: 100 } }
}

describe('a gate for blobs', () => {
  it.each([
    [1, 100],
    [0.5, 50],
    [0.25, 25],
  ])('lets %d of the uplink through once it knows it', async (level, chunks) => {
    const { clock, gate, uplink } = setup(level)
    await serve(gate, clock, { ms: 1_000, uplink })
    const passed = await serve(gate, clock, { ms: 10_000, uplink })
    expect(Math.abs(passed - chunks)).toBeLessThanOrEqual(2)
  })

  it('learns that the network has become slower, and after a while that it is fast again', async () => {
    const { clock, gate, uplink } = setup(0.5)
    await serve(gate, clock, { ms: 2_000, uplink })
    uplink.chunkMs = 1_000
    await serve(gate, clock, { ms: 10_000, uplink })
    const slow = await serve(gate, clock, { ms: 20_000, uplink })
    expect(Math.abs(slow - 10)).toBeLessThanOrEqual(2)
    uplink.chunkMs = 100
    await serve(gate, clock, { ms: 660_000, uplink })
    const fast = await serve(gate, clock, { ms: 10_000, uplink })
    expect(Math.abs(fast - 50)).toBeLessThanOrEqual(2)
  })

  it('holds nothing back behind a blob that somebody waits for, and counts it', async () => {
    const { clock, gate, uplink } = setup(0.5)
    await serve(gate, clock, { ms: 1_000, uplink })
    const { signal } = new AbortController()
    // A chunk takes 200 ms at half of the rate, and these are owed by now.
    for (let chunk = 0; chunk < 10; chunk++) void gate.pass(CHUNK_BYTES, signal)
    const passed: string[] = []
    const pass = (name: string, way: 'pass' | 'passAhead') =>
      gate[way](CHUNK_BYTES, signal).then(() => passed.push(`${name} at ${clock.monotonicMs()}`))
    const fromMs = clock.monotonicMs()
    const all = [pass('first', 'passAhead'), pass('second', 'passAhead'), pass('blob', 'pass')]
    await clock.advance(5_000)
    await Promise.all(all)
    expect(passed.slice(0, 2)).toEqual([`first at ${fromMs}`, `second at ${fromMs + 200}`])
    const blobMs = Number(passed[2]?.split(' ').at(-1)) - fromMs
    expect(blobMs).toBeGreaterThanOrEqual(2_400)
  })

  it('is closed at level 0, and open before it was told anything', () => {
    const gate = new BulkGate(new ManualClock())
    expect(gate.open).toBe(true)
    gate.set(0)
    expect(gate.open).toBe(false)
  })
})
