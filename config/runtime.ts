/**
 * What one executor, the process that runs a stage, may use and for how long.
 *
 * @module
 */

import { z } from 'zod'

export const runtimeSection = z.strictObject({
  provider: z
    .enum(['auto', 'cpu', 'webgpu', 'cuda', 'coreml', 'directml'])
    .default('auto')
    .describe('execution provider of all stages here; auto: the one that a job asks for, else cpu'),
  priority: z
    .enum(['idle', 'low', 'normal'])
    .default('idle')
    .describe(
      'processor time of executors: idle takes what nobody wants, low shares with other sessions',
    ),
  executorMemoryBytes: z
    .int()
    .min(67_108_864)
    .max(1_099_511_627_776)
    .default(4_294_967_296)
    .describe('memory of one executor; beyond it the executor fails, the daemon does not'),
  loadDeadlineMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(120_000)
    .describe('time to load a stage and pass its self-test'),
  runDeadlineMs: z
    .int()
    .min(100)
    .max(3_600_000)
    .default(60_000)
    .describe('time for one step of a stage; then the executor is killed'),
})

/** Settings under `runtime`. */
export type RuntimeConfig = Readonly<z.infer<typeof runtimeSection>>
