/**
 * The thread in which texts of one model become tokens.
 *
 * @module
 */

import { parentPort, workerData } from 'node:worker_threads'
import { TextError } from './errors.ts'
import { TextCodec } from './text-codec.ts'
import type { ThreadInit, ThreadReply, ThreadRequest } from './thread-messages.ts'

let codec: TextCodec | undefined

parentPort?.on('message', (request: ThreadRequest) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin.
  parentPort?.postMessage(answer(request))
})

function answer(request: ThreadRequest): ThreadReply {
  try {
    codec ??= new TextCodec(workerData as ThreadInit)
    switch (request.type) {
      case 'table':
        return { type: 'table', content: codec.table.content }
      case 'encode':
        return { type: 'tokens', tokens: codec.encode(request.text, request.options) }
      case 'chat':
        return { type: 'tokens', tokens: codec.chat(request.messages, request.options) }
    }
  } catch (error) {
    // Anything else ends the thread: the daemon says so and starts another.
    if (error instanceof TextError) return { type: 'failed', failure: error.failure }
    throw error
  }
}
