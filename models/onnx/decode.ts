/**
 * Reads ONNX files without copying weights: all byte strings are views on the file.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { ONNX_BYTES_MAX } from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import type { ModelProto } from './proto.ts'
import {
  Budget,
  WIRE_4_BYTES,
  WIRE_8_BYTES,
  WIRE_BYTES,
  WIRE_VARINT,
  WireReader,
} from './reader.ts'
import { SCHEMA, type Field, type MessageName, type ScalarKind } from './schema.ts'

/** A message whose fields the schema names. */
type Message = Record<string, unknown>

/**
 * Decodes a model. Never throws and always ends, whatever the bytes are.
 *
 * A file in protobuf's canonical form is written back byte for byte by encodeModel.
 *
 * @returns ONNX_TRUNCATED, ONNX_MALFORMED, ONNX_TOO_DEEP or ONNX_LIMIT for anything else.
 */
export function decodeModel(bytes: Uint8Array): Result<ModelProto> {
  return attempt(() => {
    if (bytes.length > ONNX_BYTES_MAX) {
      refuse('ONNX_LIMIT', `expected at most ${ONNX_BYTES_MAX} bytes, got ${bytes.length}`)
    }
    // The schema and the types in proto.ts say the same; a test compares them through real files.
    return readMessage('model', bytes, new Budget(), 0) as unknown as ModelProto
  })
}

/** Stands for every list that a message does not have, so that an empty message costs little. */
const NO_ITEMS: readonly unknown[] = Object.freeze([])

function readMessage(name: MessageName, bytes: Uint8Array, budget: Budget, depth: number): Message {
  budget.takeObject()
  budget.checkDepth(depth)
  const schema = SCHEMA[name]
  const message: Message = {}
  for (const list of schema.lists) message[list] = NO_ITEMS
  const reader = new WireReader(bytes)
  while (!reader.done) {
    budget.takeField()
    const start = reader.at
    const tag = reader.size()
    const wire = tag % 8
    const field = schema.byNumber.get(Math.floor(tag / 8))
    if (field === undefined) {
      budget.takeUnknown()
      if (tag < 8) refuse('ONNX_MALFORMED', 'expected a field number above zero')
      reader.skip(wire)
      append(message, 'unknown', reader.since(start))
    } else if ('message' in field.kind) {
      if (wire !== WIRE_BYTES) refuseWire(wire)
      put(message, field, readMessage(field.kind.message, reader.bytes(), budget, depth + 1))
    } else {
      readScalar(message, field, field.kind.scalar, { reader, wire, budget })
    }
  }
  return message
}

/** Where a value stands: the reader just behind its tag. */
interface Place {
  readonly reader: WireReader
  readonly wire: number
  readonly budget: Budget
}

const WIRE_OF: Readonly<Record<ScalarKind, number>> = {
  int: WIRE_VARINT,
  float: WIRE_4_BYTES,
  text: WIRE_BYTES,
  bytes: WIRE_BYTES,
  'packed-varint': WIRE_VARINT,
  'packed-4': WIRE_4_BYTES,
  'packed-8': WIRE_8_BYTES,
}

function readScalar(message: Message, field: Field, kind: ScalarKind, place: Place): void {
  const { reader, wire, budget } = place
  const packed = wire === WIRE_BYTES && field.repeated
  if (!packed && wire !== WIRE_OF[kind]) refuseWire(wire)
  if (kind === 'text') put(message, field, reader.text())
  else if (kind === 'int' || kind === 'float') {
    if (packed) readPacked(message, field, kind, place)
    else put(message, field, kind === 'int' ? reader.integer() : reader.float())
  } else {
    budget.takeObject()
    put(message, field, wire === WIRE_BYTES ? reader.bytes() : rawValue(reader, wire))
  }
}

/** A value of typed tensor data that stands alone, as the bytes that it would have in a packed list. */
function rawValue(reader: WireReader, wire: number): Uint8Array {
  const start = reader.at
  reader.skip(wire)
  return reader.since(start)
}

function readPacked(message: Message, field: Field, kind: 'int' | 'float', place: Place): void {
  const items = new WireReader(place.reader.bytes())
  while (!items.done) {
    place.budget.takeField()
    put(message, field, kind === 'int' ? items.integer() : items.float())
  }
}

function put(message: Message, field: Field, value: unknown): void {
  if (field.repeated) append(message, field.name, value)
  else message[field.name] = value
}

function append(message: Message, name: string, value: unknown): void {
  const items = message[name]
  if (Array.isArray(items) && items !== NO_ITEMS) items.push(value)
  else message[name] = [value]
}

function refuseWire(wire: number): never {
  return refuse('ONNX_MALFORMED', `expected another wire type for a known field, got ${wire}`)
}
