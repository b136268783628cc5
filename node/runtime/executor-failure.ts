/**
 * Why an executor failed, from what it said or how it ended.
 *
 * @module
 */

import type { RuntimeFailure } from './errors.ts'
import type { ErrorMessage } from './executor-messages.ts'
import type { ExecutorExit, ExecutorSpec } from './executor-spec.ts'

/** What an executor said of one message. */
export function toldFailure(
  { memoryBytesMax, provider }: ExecutorSpec,
  { reason, message: detail }: ErrorMessage,
): RuntimeFailure {
  switch (reason) {
    case 'load':
      return { code: 'RUNTIME_LOAD_FAILED', detail }
    case 'run':
      return { code: 'RUNTIME_RUN_FAILED', detail }
    case 'not-finite':
      return { code: 'RUNTIME_NOT_FINITE', detail }
    case 'guide':
      return { code: 'RUNTIME_GUIDE_FAILED', detail }
    case 'memory':
      return { code: 'RUNTIME_MEMORY', limitBytes: memoryBytesMax }
    case 'provider':
      return { code: 'RUNTIME_PROVIDER_UNAVAILABLE', provider, detail }
  }
}

/** How its process ended; 0 for one that never began. */
export function endFailure(spec: ExecutorSpec, exit: ExecutorExit, pid: number): RuntimeFailure {
  const { code, signal, stderrTail } = exit
  if (pid === 0) return { code: 'RUNTIME_SPAWN_FAILED', detail: stderrTail }
  // The C++ library and V8 say so before they abort.
  if (/bad_alloc|out of memory|Cannot allocate memory/i.test(stderrTail)) {
    return { code: 'RUNTIME_MEMORY', limitBytes: spec.memoryBytesMax }
  }
  return { code: 'RUNTIME_EXECUTOR_DIED', exitCode: code, signal, stderrTail }
}
