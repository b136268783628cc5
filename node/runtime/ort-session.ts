/**
 * A loaded graph inside an executor process: tensors of messages in, tensors of messages out.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { InferenceSession, OnnxValue, Tensor as OrtTensor } from 'onnxruntime-node'
import { TENSOR_TYPES, type TensorSpec, type TensorType } from '../../core/tensor.ts'
import type { LoadMessage, ReadyMessage, SurveyedMessage } from './executor-messages.ts'
import type { TokenBytes } from './executor-spec.ts'
import { STEP_INDEX, type WireTensor } from './executor-wire.ts'
import { NAME_CHARACTERS_MAX } from './limits.ts'
import { ORT_PROVIDER_NAMES } from './provider.ts'
import { readSteps, STEP_OUTPUTS } from './step-message.ts'
import { textGraphOf } from './text-graph.ts'
import { TextSession } from './text-session.ts'

// onnxruntime-node hands a Float16Array to its binding with the wrong element size (Node 24 and
// later); without the class it takes the same bits as a Uint16Array, which works.
Reflect.deleteProperty(globalThis, 'Float16Array')
const ort = await import('onnxruntime-node')

export interface OrtRun {
  /** All outputs in the graph's order; without bytes when only shapes were asked for. */
  readonly outputs: readonly WireTensor[]
  readonly computeUs: number
}

export class OrtSession {
  readonly ready: ReadyMessage
  readonly texts: TextSession
  readonly #session: InferenceSession

  /** Use {@link OrtSession.fromMessage}. */
  constructor(session: InferenceSession) {
    this.#session = session
    this.ready = {
      ortVersion: ort.env.versions.node ?? 'unknown',
      inputs: session.inputMetadata.map(specOf),
      outputs: session.outputMetadata.map(specOf),
    }
    const { inputs, outputs } = this.ready
    const graph = textGraphOf(inputs, outputs)
    const sent = outputs.filter(({ name }) => !graph.kept.has(name))
    this.texts = new TextSession({ ort, session, graph, sent })
  }

  /** @throws {Error} of onnxruntime when it refuses the model. */
  static async fromMessage(message: LoadMessage): Promise<OrtSession> {
    const { file, provider, optimise, optimisedFile } = message
    const session = await ort.InferenceSession.create(file, {
      executionProviders: [ORT_PROVIDER_NAMES[provider]],
      graphOptimizationLevel: optimise,
      ...(optimisedFile === undefined ? {} : { optimizedModelFilePath: optimisedFile }),
      intraOpNumThreads: 1,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
      extra: { session: { intra_op: { allow_spinning: '0' }, inter_op: { allow_spinning: '0' } } },
    })
    return new OrtSession(session)
  }

  async run(tensors: readonly WireTensor[], withData: boolean): Promise<OrtRun> {
    const feeds = feedsOf(tensors, this.ready.inputs)
    const startedMs = performance.now()
    const results = await this.#session.run(feeds)
    const computeUs = Math.min(0xffff_ffff, Math.round(1000 * (performance.now() - startedMs)))
    const outputs = this.ready.outputs.map(({ name }, index) =>
      wireOf(results[name], index, withData),
    )
    return { outputs, computeUs }
  }
}

/**
 * Adds rows to texts.
 *
 * @param tensors - What crosses the cut, and the vector that says what is added to which texts.
 * @returns What each text gave: an output of text i has i times STEP_OUTPUTS added to its index.
 * @throws {Error} when the message is none, or as {@link TextSession.steps} throws.
 */
export async function step(
  { ready, texts }: OrtSession,
  tensors: readonly WireTensor[],
): Promise<OrtRun> {
  const command = tensors.find(({ index }) => index === STEP_INDEX)
  if (command?.type !== 'int32') throw new Error('expected a text')
  const asked = readSteps(elementsOf('int32', command.data) as Int32Array)
  const rest = tensors.filter(({ index }) => index !== STEP_INDEX)
  const feeds = feedsOf(rest, ready.inputs)
  const crossing = Object.entries(feeds).map(([name, tensor]) => ({ name, tensor }))
  const { outputs, computeUs } = await texts.steps(asked, crossing)
  const numbered = outputs.flatMap((own, text) =>
    own.map((tensor) => ({ ...tensor, index: text * STEP_OUTPUTS + tensor.index })),
  )
  return { outputs: numbered, computeUs }
}

/** What tokens stand for, of the message that brings it; undefined when it is none. */
export function tokenBytesOf(tensors: readonly WireTensor[]): TokenBytes | undefined {
  const [bytes, offsets] = tensors
  if (bytes?.type !== 'uint8' || offsets?.type !== 'uint32') return undefined
  return { bytes: bytes.data, offsets: elementsOf('uint32', offsets.data) as Uint32Array }
}

/** What this onnxruntime is, and what an idle executor takes. */
export function survey(): SurveyedMessage {
  return {
    ortVersion: ort.env.versions.node ?? 'unknown',
    backends: ort.listSupportedBackends().map(({ name, bundled }) => ({
      name,
      bundled: bundled ? 1 : 0,
    })),
    dataBytes: dataBytes(),
  }
}

function dataBytes(): number {
  if (process.platform !== 'linux') return 0
  const [, kib] = /^VmData:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? []
  return 1024 * Number(kib ?? 0)
}

function feedsOf(
  tensors: readonly WireTensor[],
  inputs: readonly TensorSpec[],
): Record<string, OrtTensor> {
  const feeds: Record<string, OrtTensor> = {}
  for (const { index, type, dims, data } of tensors) {
    const name = inputs[index]?.name ?? String(index)
    feeds[name] = new ort.Tensor(type as 'float32', elementsOf(type, data) as Float32Array, dims)
  }
  return feeds
}

const ELEMENTS = {
  float32: Float32Array,
  uint8: Uint8Array,
  int8: Int8Array,
  uint16: Uint16Array,
  int16: Int16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  bool: Uint8Array,
  float16: Uint16Array,
  float64: Float64Array,
  uint32: Uint32Array,
  uint64: BigUint64Array,
} as const satisfies Record<TensorType, unknown>

/** A view, not a copy: tensors stand at multiples of 8 in their message. */
function elementsOf(type: TensorType, data: Uint8Array): ArrayBufferView {
  const Elements = ELEMENTS[type]
  return new Elements(data.buffer as ArrayBuffer, data.byteOffset, data.length / TENSOR_TYPES[type])
}

function wireOf(value: OnnxValue | undefined, index: number, withData: boolean): WireTensor {
  if (value === undefined) throw new Error(`output ${index} is missing`)
  const { type, dims, data } = value
  if (!(type in TENSOR_TYPES) || !ArrayBuffer.isView(data)) {
    throw new Error(`output ${index} has the unsupported type ${type}`)
  }
  const bytes = withData
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array()
  return { index, type: type as TensorType, dims, data: bytes }
}

function specOf(metadata: InferenceSession.ValueMetadata): TensorSpec {
  const name = metadata.name.slice(0, NAME_CHARACTERS_MAX)
  if (!metadata.isTensor) throw new Error(`value ${name} is not a tensor`)
  if (!(metadata.type in TENSOR_TYPES)) {
    throw new Error(`value ${name} has the unsupported type ${metadata.type}`)
  }
  // onnxruntime names an unknown dimension by the empty string.
  const dims = metadata.shape.map((size) =>
    typeof size === 'number' ? size : size === '' ? null : size.slice(0, NAME_CHARACTERS_MAX),
  )
  return { name, type: metadata.type as TensorType, dims }
}
