/**
 * A child process that answers one question and ends.
 *
 * @module
 */

import { Child, type ChildInit } from './child-process.ts'
import { RuntimeError } from './errors.ts'
import type { Frame } from './executor-wire.ts'
import { FrameReader } from './frame-reader.ts'
import { CONTROL_BYTES_MAX } from './limits.ts'

export interface OneShotInit extends Omit<ChildInit, 'onBytes'> {
  /** What is sent to it, when its arguments do not say it all. */
  readonly request?: Uint8Array
  readonly limitMs: number
}

/**
 * The first message of a child, which is gone when this settles.
 *
 * @throws {RuntimeError} RUNTIME_EXECUTOR_DIED, RUNTIME_RUN_TIMEOUT, RUNTIME_EXECUTOR_FAULTY.
 * @throws the reason of `signal` when it aborts.
 */
export async function askOnce(init: OneShotInit, signal?: AbortSignal): Promise<Frame> {
  signal?.throwIfAborted()
  const reader = new FrameReader(CONTROL_BYTES_MAX)
  const answer = Promise.withResolvers<Frame>()
  const child = new Child({
    ...init,
    onBytes: (chunk) => {
      const frames = reader.push(chunk)
      if (typeof frames === 'string') {
        answer.reject(new RuntimeError({ code: 'RUNTIME_EXECUTOR_FAULTY', detail: frames }))
      } else if (frames[0] !== undefined) answer.resolve(frames[0])
    },
  })
  const { limitMs } = init
  const timer = setTimeout(
    () => answer.reject(new RuntimeError({ code: 'RUNTIME_RUN_TIMEOUT', limitMs })),
    limitMs,
  )
  const abort = (): void => answer.reject(signal?.reason)
  signal?.addEventListener('abort', abort, { once: true })
  void child.exited.then(({ code, signal: by, stderrTail }) =>
    answer.reject(
      new RuntimeError({
        code: 'RUNTIME_EXECUTOR_DIED',
        exitCode: code,
        signal: by,
        stderrTail,
      }),
    ),
  )
  if (init.request !== undefined) child.write([init.request])
  try {
    return await answer.promise
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
    child.kill()
    await child.exited
  }
}
