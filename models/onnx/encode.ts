/**
 * Writes ONNX files as a list of chunks, without copying weights.
 *
 * Fields stand in the order of their numbers, as protobuf's own writers put them.
 * Sizes are summed first, so that every length is known when it is written.
 *
 * @module
 */

import { concatBytes, utf8 } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import type { Int64, ModelProto } from './proto.ts'
import { WIRE_4_BYTES, WIRE_BYTES, WIRE_VARINT } from './reader.ts'
import { SCHEMA, type Field, type MessageName } from './schema.ts'

/** A model as chunks to be written one after another. Large ones are views on the model's own tensors. */
export function encodeModelChunks(model: ModelProto): readonly Uint8Array[] {
  const plan = planMessage('model', model as unknown as Message)
  const writer = new ChunkWriter()
  writeParts(writer, plan.parts)
  return writer.finish()
}

/** A model as one byte string: for models without large tensors, such as stages. */
export function encodeModel(model: ModelProto): Uint8Array {
  return concatBytes(encodeModelChunks(model))
}

type Message = Readonly<Record<string, unknown>>

/** A message flattened to what will be written: its own size, and its fields in order. */
interface Plan {
  readonly parts: Part[]
  bytes: number
}

/** A varint, a 4-byte float, raw bytes, or a message whose length is now known. */
type Part =
  | { readonly varint: Int64 }
  | { readonly float: number }
  | { readonly raw: Uint8Array }
  | { readonly plan: Plan }

function planMessage(name: MessageName, message: Message): Plan {
  const plan: Plan = { parts: [], bytes: 0 }
  for (const field of SCHEMA[name].fields) {
    const value = message[field.name]
    if (value === undefined) continue
    const values: readonly unknown[] = field.repeated ? (value as readonly unknown[]) : [value]
    for (const item of values) addField(plan, field, item)
  }
  for (const raw of (message['unknown'] ?? []) as readonly Uint8Array[]) add(plan, { raw })
  return plan
}

function addField(plan: Plan, field: Field, value: unknown): void {
  const { kind, number } = field
  if ('message' in kind) {
    const inner = planMessage(kind.message, value as Message)
    addLength(plan, number, inner.bytes)
    add(plan, { plan: inner })
  } else if (kind.scalar === 'int') {
    add(plan, { varint: 8 * number + WIRE_VARINT })
    add(plan, { varint: value as Int64 })
  } else if (kind.scalar === 'float') {
    add(plan, { varint: 8 * number + WIRE_4_BYTES })
    add(plan, { float: value as number })
  } else {
    const raw = typeof value === 'string' ? utf8(value) : (value as Uint8Array)
    addLength(plan, number, raw.length)
    add(plan, { raw })
  }
}

function addLength(plan: Plan, number: number, length: number): void {
  add(plan, { varint: 8 * number + WIRE_BYTES })
  add(plan, { varint: length })
}

function add(plan: Plan, part: Part): void {
  plan.parts.push(part)
  plan.bytes += partBytes(part)
}

function partBytes(part: Part): number {
  if ('varint' in part) return varintBytes(part.varint)
  if ('float' in part) return 4
  if ('raw' in part) return part.raw.length
  return part.plan.bytes
}

function varintBytes(value: Int64): number {
  if (value < 0) return 10
  let bytes = 1
  for (let limit = 128; value >= limit && bytes < 10; limit *= 128) bytes++
  return bytes
}

function writeParts(writer: ChunkWriter, parts: readonly Part[]): void {
  for (const part of parts) {
    if ('varint' in part) writer.varint(part.varint)
    else if ('float' in part) writer.float(part.float)
    else if ('raw' in part) writer.raw(part.raw)
    else writeParts(writer, part.plan.parts)
  }
}

/** Bytes from which a byte string becomes a chunk of its own. */
const REFERENCE_BYTES_MIN = 2_048
const BUFFER_BYTES = 65_536

/** Gathers small values in buffers, and takes large ones as they are. */
class ChunkWriter {
  readonly #chunks: Uint8Array[] = []
  #buffer = new Uint8Array(BUFFER_BYTES)
  #start = 0
  #end = 0

  varint(value: Int64): void {
    this.#room(10)
    if (typeof value === 'number' && value >= 0) {
      let rest = value
      for (; rest > 127; rest = Math.floor(rest / 128)) this.#byte((rest % 128) | 128)
      this.#byte(rest)
      return
    }
    let rest = BigInt.asUintN(64, BigInt(value))
    for (; rest > 127n; rest >>= 7n) this.#byte(Number(rest & 127n) | 128)
    this.#byte(Number(rest))
  }

  float(value: number): void {
    this.#room(4)
    new DataView(this.#buffer.buffer, this.#end, 4).setFloat32(0, value, true)
    this.#end += 4
  }

  raw(bytes: Uint8Array): void {
    if (bytes.length >= REFERENCE_BYTES_MIN) {
      this.#flush()
      this.#chunks.push(bytes)
      return
    }
    this.#room(bytes.length)
    this.#buffer.set(bytes, this.#end)
    this.#end += bytes.length
  }

  finish(): readonly Uint8Array[] {
    this.#flush()
    return this.#chunks
  }

  #byte(value: number): void {
    this.#buffer[this.#end++] = value
  }

  #room(bytes: number): void {
    invariant(bytes <= BUFFER_BYTES, 'only small values go through the buffer')
    if (this.#end + bytes <= BUFFER_BYTES) return
    this.#flush()
    this.#buffer = new Uint8Array(BUFFER_BYTES)
    this.#start = 0
    this.#end = 0
  }

  #flush(): void {
    if (this.#end > this.#start) this.#chunks.push(this.#buffer.subarray(this.#start, this.#end))
    this.#start = this.#end
  }
}
