import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { ModelId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { preparedStage } from '../../test/fixtures/stage-executors.ts'
import { KernelExecutor, type KernelFault } from '../../test/fixtures/text-kernel.ts'
import { processorClass } from './processor-class.ts'
import { ProofBook, PROOFS_MAX } from './proof-book.ts'
import { selfTest } from './self-test.ts'
import { StageProbe } from './stage-probe.ts'

const stage = { ...preparedStage({ fromLayer: 1, toLayer: 2 }), model: 'ab'.repeat(32) as ModelId }

/** Proves stages one after another, each as after a restart. */
class Device {
  readonly store = new MemoryStore()
  processor = 'x64 avx2'
  graph = 'graph'

  async prove(fault?: KernelFault, { ortVersion = '1.0.0', again = false } = {}) {
    const executor = new KernelExecutor(fault, ortVersion)
    const processor = () => Promise.resolve(this.processor)
    const graphHash = () => Promise.resolve(this.graph)
    const proofs = new ProofBook({
      store: this.store,
      logger: SILENT_LOGGER,
      processor,
      graphHash,
    })
    const tester = { selfTest: (...[tested, init]: Parameters<typeof test>) => test(tested, init) }
    const proof = await new StageProbe(tester, proofs).prove(executor, stage, again)
    return {
      proof,
      runs: executor.runs.length,
      whole: executor.runs.some(({ rows }) => rows > 100),
    }
  }
}

function test(
  ...[executor, init]: [Parameters<typeof selfTest>[0], Parameters<typeof selfTest>[1]]
) {
  return selfTest(executor, init, () => Promise.reject(new Error('the cpu needs no reference')))
}

const grown: KernelFault = ({ rows, room }) => rows < 128 && room > 136

describe('proofs of stages', () => {
  it('are kept over restarts, so that a few rows show that a stage still is what was proved', async () => {
    const device = new Device()
    const [first, second] = [await device.prove(grown), await device.prove(grown)]
    expect([first.whole, second.whole, second.runs]).toEqual([true, false, 3])
    expect(second.proof).toMatchObject({ class: first.proof.class, exact: false })
    expect([second.proof.lone, second.proof.together]).toEqual([false, false])
    const { stepUs, chunkUs } = second.proof
    const share = (first.proof.chunkUs ?? 0) / first.proof.stepUs
    expect(chunkUs).toBe(Math.round(share * stepUs))
  })

  it('are made anew where the stage gives other bits, and say what it is now', async () => {
    const device = new Device()
    const { proof } = await device.prove()
    const other = await device.prove(({ room }) => room > 0)
    expect([other.whole, other.proof.class === proof.class]).toEqual([true, false])
    // Which of the two was wrong shows only when one of them is there again.
    expect((await device.prove(({ room }) => room > 0)).whole).toBe(true)
    expect((await device.prove(({ room }) => room > 0)).whole).toBe(false)
  })

  it('are not those of an executor that was doubted and failed', async () => {
    const device = new Device()
    const { proof } = await device.prove()
    expect((await device.prove(grown, { again: true })).proof.exact).toBe(false)
    const healthy = await device.prove()
    expect(healthy.proof).toMatchObject({ class: proof.class, exact: true })
    expect((await device.prove(undefined, { again: true })).whole).toBe(true)
    expect((await device.prove()).whole).toBe(false)
    device.store.values.clear()
    await device.prove(grown, { again: true })
    expect(device.store.values.size).toBe(0)
  })

  it('are made anew for another runtime or processor, and where it is asked for', async () => {
    const device = new Device()
    await device.prove()
    expect((await device.prove(undefined, { ortVersion: '2.0.0' })).whole).toBe(true)
    expect((await device.prove(grown, { again: true })).proof.exact).toBe(false)
    expect((await device.prove(grown)).proof.exact).toBe(false)
    device.processor = 'x64 avx2 avx512f'
    expect((await device.prove()).whole).toBe(true)
    expect((await device.prove()).whole).toBe(false)
    device.graph = 'another graph of the same layers'
    expect((await device.prove()).whole).toBe(true)
    expect((await device.prove()).whole).toBe(false)
  })

  it('are those of the graph that the file holds, and of none that cannot be read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'brume-proofs-'))
    try {
      const proofs = new ProofBook({ store: new MemoryStore(), logger: SILENT_LOGGER })
      const file = join(folder, '1-2.onnx')
      const executor = Object.assign(new KernelExecutor(), { spec: { file, provider: 'cpu' } })
      const nameOf = async (graph: string) => {
        await writeFile(file, graph)
        return await proofs.nameOf(executor, '1-2')
      }
      const names = [await nameOf('a'), await nameOf('b'), await nameOf('a')]
      expect([names[0], new Set(names).size]).toEqual([names[2], 2])
      await rm(file)
      expect(await proofs.nameOf(executor, '1-2')).toBe(undefined)
    } finally {
      await rm(folder, { recursive: true })
    }
  })

  it('are unknown where any bit of them has changed', async () => {
    const store = new MemoryStore()
    const proofs = new ProofBook({ store, logger: SILENT_LOGGER })
    const bits = { exact: false, lone: true, together: true, brief: new Uint8Array(32) }
    const proof = { ...bits, class: 'ab'.repeat(32), stepUs: 3 }
    await proofs.keep('a', proof)
    const [[key, kept] = ['', new Uint8Array(0)]] = [...store.values]
    expect(await proofs.find('a')).toEqual(proof)
    for (let bit = 0; bit < 8 * kept.length; bit++) {
      const damaged = kept.slice()
      damaged[bit >> 3] = (damaged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      store.values.set(key, damaged)
      expect(await proofs.find('a')).toBe(undefined)
    }
    for (let length = 0; length < kept.length; length++) {
      store.values.set(key, kept.slice(0, length))
      expect(await proofs.find('a')).toBe(undefined)
    }
  })

  it('are made anew where none can be read or kept', async () => {
    const device = new Device()
    device.store.failure = new Error('disk full')
    expect((await device.prove()).proof.exact).toBe(true)
    device.store.failure = undefined
    await device.prove()
    for (const key of device.store.values.keys()) device.store.values.set(key, Uint8Array.of(1))
    expect((await device.prove()).whole).toBe(true)
  })

  it('are so many and no more', async () => {
    const store = new MemoryStore()
    const proofs = new ProofBook({ store, logger: SILENT_LOGGER })
    const bits = { exact: true, lone: true, together: true, brief: new Uint8Array(32) }
    const proof = { ...bits, class: 'ab'.repeat(32), stepUs: 3 }
    for (let at = 0; at < PROOFS_MAX + 3; at++) await proofs.keep(`${at}`, proof)
    expect(store.values.size).toBe(PROOFS_MAX)
    expect(await proofs.find(`${PROOFS_MAX + 2}`)).toEqual(proof)
  })
})

describe('the class of a processor', () => {
  it('is that of the features that kernels are chosen by, of all its cores', async () => {
    const flags = (words: string) => `processor\t: 0\nflags\t\t: ${words}\n\n`
    const of = (text: string) => processorClass(async () => text)
    const both = await of(flags('fpu avx2 fma sse2') + flags('avx2 fma avx512f'))
    expect(both).toBe(`${process.arch} avx2 fma`)
    expect(await of(flags('fma avx2 hypervisor'))).toBe(both)
    expect(await of('Features\t: fp asimddp i8mm')).toBe(`${process.arch} asimddp i8mm`)
    expect(await of('')).toBe(await processorClass(() => Promise.reject(new Error('no file'))))
  })
})
