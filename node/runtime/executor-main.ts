/**
 * The executor process: reads messages from descriptor 3, runs onnxruntime, writes the answers.
 *
 * @module
 */

import { Worker } from 'node:worker_threads'
import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import { readFrame, write } from './blocking-socket.ts'
import {
  BEGIN_MESSAGE,
  END_MESSAGE,
  ERROR_MESSAGE,
  EXPORT_MESSAGE,
  type ErrorMessage,
  LOAD_MESSAGE,
  READY_MESSAGE,
  SURVEYED_MESSAGE,
} from './executor-messages.ts'
import { controlFrame, type Frame, readTensors, tensorFrame } from './executor-wire.ts'
import { MESSAGE_CHARACTERS_MAX } from './limits.ts'
import { OrtSession, step, survey, tokenBytesOf } from './ort-session.ts'
import { NotFiniteError } from './not-finite.ts'
import { GuideError } from './text-guides.ts'

let session: OrtSession | undefined

if (process.argv.includes('--watch-parent')) watchParent()
for (let frame = readFrame(); frame !== undefined; frame = readFrame()) await obey(frame)
process.exit(0)

async function obey(frame: Frame): Promise<void> {
  switch (frame.kind) {
    case 'survey':
      return write([controlFrame('surveyed', frame.id, encodeShape(SURVEYED_MESSAGE, survey()))])
    case 'load':
      return load(frame)
    case 'run':
    case 'measure':
    case 'step':
      return run(frame)
    case 'begin':
    case 'end':
      return settle(frame)
    case 'vocabulary':
    case 'import':
      return take(frame)
    case 'export':
      return exportRows(frame)
    default:
      // The rest is what an executor says.
      return process.exit(1)
  }
}

async function load(frame: Frame): Promise<void> {
  const message = decodeShape(LOAD_MESSAGE, frame.body)
  if (message.type === 'refused') process.exit(1)
  try {
    session = await OrtSession.fromMessage(message.value)
  } catch (error) {
    return fail(frame.id, failureOf(error, 'load'))
  }
  write([controlFrame('ready', frame.id, encodeShape(READY_MESSAGE, session.ready))])
}

async function run(frame: Frame): Promise<void> {
  const tensors = readTensors(frame)
  if (typeof tensors === 'string' || session === undefined) process.exit(1)
  try {
    const kind = frame.kind === 'measure' ? 'shapes' : 'result'
    const { outputs, computeUs } =
      frame.kind === 'step'
        ? await step(session, tensors)
        : await session.run(tensors, kind === 'result')
    write(tensorFrame({ kind, id: frame.id, computeUs }, outputs))
  } catch (error) {
    fail(frame.id, failureOf(error, 'run'))
  }
}

/** Reads keys and values of a text. */
function exportRows({ id, body }: Frame): void {
  const span = decodeShape(EXPORT_MESSAGE, body)
  if (span.type === 'refused' || session === undefined) process.exit(1)
  try {
    write(tensorFrame({ kind: 'result', id, computeUs: 0 }, session.texts.exportRows(span.value)))
  } catch (error) {
    fail(id, failureOf(error, 'run'))
  }
}

/** Makes room for a text, or gives it back. */
function settle({ kind, id, body }: Frame): void {
  const begin = kind === 'begin' ? decodeShape(BEGIN_MESSAGE, body) : undefined
  const end = kind === 'end' ? decodeShape(END_MESSAGE, body) : undefined
  if (session === undefined) process.exit(1)
  try {
    if (begin?.type === 'value') session.texts.begin(begin.value)
    else if (end?.type === 'value') session.texts.end(end.value)
    else process.exit(1)
  } catch (error) {
    return fail(id, failureOf(error, 'run'))
  }
  write([controlFrame('settled', id, new Uint8Array())])
}

/** Learns what tokens stand for, or takes rows of a text. */
function take(frame: Frame): void {
  const tensors = readTensors(frame)
  if (typeof tensors === 'string' || session === undefined) process.exit(1)
  const tokens = frame.kind === 'vocabulary' ? tokenBytesOf(tensors) : undefined
  try {
    if (tokens !== undefined) session.texts.learnTokens(tokens)
    else if (frame.kind === 'import') session.texts.importRows(tensors)
    else process.exit(1)
  } catch (error) {
    return fail(frame.id, failureOf(error, 'run'))
  }
  write([controlFrame('settled', frame.id, new Uint8Array())])
}

/** onnxruntime tells kinds of failure apart by their text only. */
function failureOf(error: unknown, otherwise: ErrorMessage['reason']): ErrorMessage {
  const text = error instanceof Error ? error.message : String(error)
  if (error instanceof GuideError) return { reason: 'guide', message: text }
  if (error instanceof NotFiniteError) return { reason: 'not-finite', message: text }
  const outOfMemory = /bad_alloc|bad allocation|allocate memory|allocation failed|out of memory/i
  const noProvider = /backend not found|WebGPU adapter|AppendExecutionProvider/
  const reason = outOfMemory.test(text) ? 'memory' : noProvider.test(text) ? 'provider' : otherwise
  // Failed checks begin with the place in the source.
  const message = text.replace(/^.* was false\. /s, '').trim()
  return { reason, message: message.slice(0, MESSAGE_CHARACTERS_MAX) }
}

function fail(id: number, failure: ErrorMessage): void {
  write([controlFrame('error', id, encodeShape(ERROR_MESSAGE, failure))])
}

/** Where the kernel cannot tell of the daemon's death, a thread looks for it: a run never ends by itself. */
function watchParent(): void {
  const source = `const parent = process.ppid
    setInterval(() => process.ppid === parent || process.kill(process.pid, 'SIGKILL'), 1000)`
  new Worker(source, { eval: true }).unref()
}
