/**
 * The numeric class of this device's processor, before it has run any model.
 *
 * Two small decoders, of float32 and of four bits, go through the test of stages (text-probe.ts): what comes
 * out, with the runtime's version and the features that kernels are chosen by, names the class. Devices of
 * one class give a stage the same bits, so that one may take over from another; the stage's own test
 * still decides. It is kept for as long as runtime and processor stay.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { toHex } from '../../core/bytes.ts'
import { record } from '../../core/cbor-shape.ts'
import { errorCode } from '../../core/errors.ts'
import { hexId } from '../../core/id-shapes.ts'
import type { Logger } from '../../core/logger.ts'
import {
  accepted,
  buildModel,
  completed,
  encodeModel,
  generatorOf,
  severalTexts,
} from '../../models/index.ts'
import type { Executor, ExecutorSpec } from './executor-spec.ts'
import { probeWord } from './probe-layout.ts'
import { processorClass } from './processor-class.ts'
import { openedRecord, sealedRecord } from './sealed-record.ts'
import { selfTest } from './self-test.ts'
import { textProbe } from './text-probe.ts'

const QUANTISATIONS = ['f32', 'q4'] as const

/** One layer is enough: the next ones take the same kernels. */
const DECODER = {
  kind: 'decoder',
  layers: 1,
  hidden: 128,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  ffn: 256,
  vocabulary: 256,
  positionsMax: 256,
  ropeTheta: 10_000,
  past: 'cache',
  seed: 1,
} as const

const KEY = 'device/numeric-class'

const keptShape = record({
  /** What decided it. */
  environment: hexId<string>(32),
  class: hexId<string>(32),
})

export interface DeviceClassComponents {
  readonly logger: Logger
  readonly store: {
    get(key: string): Promise<Uint8Array | undefined>
    put(key: string, value: Uint8Array): Promise<void>
  }
  readonly runtime: {
    load(spec: ExecutorSpec, signal?: AbortSignal): Promise<Executor>
    survey(): Promise<{ readonly ortVersion: string }>
  }
  /** Default: that of this one. */
  readonly processor?: () => Promise<string>
}

/**
 * The class, SHA-256 in hex. Takes half a second of the processor where it is not kept.
 *
 * @throws {RuntimeError} when a small decoder cannot be run here.
 */
export async function deviceClass(
  components: DeviceClassComponents,
  signal?: AbortSignal,
): Promise<string> {
  const { runtime, processor = processorClass } = components
  const { ortVersion } = await runtime.survey()
  const words = ['brume/device-class/1', ortVersion, await processor()]
  const decoders = QUANTISATIONS.map(decoderFile)
  const graphs = decoders.map((graph) => toHex(sha256(graph)))
  const environment = hashOf([...words, probeWord(), ...graphs])
  const kept = await keptClass(components, environment)
  if (kept !== undefined) return kept
  const proofs = await withFolder((folder) => provedClasses(runtime, { folder, decoders }, signal))
  const found = hashOf([...words, ...proofs])
  const value = sealedRecord(keptShape, { environment, class: found })
  // Not kept, it is found again after the next start.
  await components.store.put(KEY, value).catch((error: unknown) => missed(components, error))
  return found
}

async function keptClass(
  components: DeviceClassComponents,
  environment: string,
): Promise<string | undefined> {
  try {
    const value = await components.store.get(KEY)
    const kept = value === undefined ? undefined : openedRecord(keptShape, value)
    return kept?.environment === environment ? kept.class : undefined
  } catch (error) {
    missed(components, error)
    return undefined
  }
}

function missed({ logger }: DeviceClassComponents, error: unknown): void {
  logger.warn('numeric class not kept', { code: errorCode(error) })
}

async function withFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-class-'))
  try {
    return await use(folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Of each of the decoders, the class of its test. */
async function provedClasses(
  runtime: DeviceClassComponents['runtime'],
  { folder, decoders }: { readonly folder: string; readonly decoders: readonly Uint8Array[] },
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const classes: string[] = []
  for (const [at, quantisation] of QUANTISATIONS.entries()) {
    const file = join(folder, `${quantisation}.onnx`)
    await writeFile(file, decoders[at] ?? new Uint8Array(0))
    const limits = { memoryBytesMax: 2 ** 28, loadMsMax: 20_000, runMsMax: 20_000 }
    const spec = { file, provider: 'cpu', optimise: 'disabled', ...limits } as const
    const executor = await runtime.load(spec, signal)
    try {
      const probe = textProbe(executor, {
        description: { receives: [] },
        positionsMax: DECODER.positionsMax,
      })
      if (probe === undefined) continue
      const noReference = () => Promise.reject(new Error('the processor is its own reference'))
      classes.push((await selfTest(executor, { stage: quantisation, probe }, noReference)).class)
    } finally {
      await executor.stop()
    }
  }
  return classes
}

function decoderFile(quantisation: (typeof QUANTISATIONS)[number]): Uint8Array {
  const built = accepted(buildModel(generatorOf({ ...DECODER, quantisation }), sha256))
  const model = completed(built)
  return encodeModel(severalTexts(model) ?? model)
}

function sha256(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(createHash('sha256').update(bytes).digest())
}

function hashOf(words: readonly string[]): string {
  return createHash('sha256').update(words.join('\0')).digest('hex')
}
