/**
 * How jobs of this device are cut, sent and kept.
 *
 * @module
 */

import { z } from 'zod'

export const schedulerSection = z.strictObject({
  wire: z
    .enum(['auto', 'f32', 'f16'])
    .default('auto')
    .describe(
      'type of float tensors between stages: f32 is exact, f16 halves the bytes; auto chooses for each cut',
    ),
  inFlightMax: z
    .int()
    .min(1)
    .max(64)
    .default(8)
    .describe('inputs of one job that are under way through its stages at once'),
  journalBytesMax: z
    .int()
    .min(1_048_576)
    .max(68_719_476_736)
    .default(268_435_456)
    .describe('memory for outputs kept so that a lost stage can be replaced'),
  textBytesMax: z
    .int()
    .min(1_048_576)
    .max(1_099_511_627_776)
    .default(1_073_741_824)
    .describe('memory for keys, values and journals of texts that stages here are part of'),
  prefixBytesMax: z
    .int()
    .min(0)
    .max(1_099_511_627_776)
    .default(268_435_456)
    .describe(
      'of textBytesMax, memory for texts that ended, whose beginnings need not be run again',
    ),
  sharePrefixes: z
    .boolean()
    .default(false)
    .describe(
      'whether texts may begin with what another device asked: how soon answers come tells',
    ),
  resumeMs: z
    .int()
    .min(0)
    .max(86_400_000)
    .default(600_000)
    .describe('how long a text that was not written to its end can be taken up again; 0 for never'),
  jobsKeptMax: z
    .int()
    .min(1)
    .max(10_000)
    .default(100)
    .describe('finished jobs whose result can still be read'),
})

/** Settings under `scheduler`. */
export type SchedulerConfig = Readonly<z.infer<typeof schedulerSection>>
