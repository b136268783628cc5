/**
 * Work that was run again, and how those who did it fared.
 *
 * @module
 */

import { z } from 'zod'
import { ms, peerId, sha256, wallMs } from './scalars.ts'

const auditedSchema = z.object({
  task: sha256.describe('hash of the stage receipt'),
  session: z.string(),
  stage: z.int().min(0),
  provider: peerId,
  providerName: z.string(),
  requests: z.int().min(0).describe('requests of the task'),
  compared: z.int().min(0).describe('those that were run again and compared'),
  epoch: z.int().nullable().describe('whose beacon drew it; null when this device drew it itself'),
  outcome: z
    .enum(['passed', 'failed', 'inconclusive', 'withheld', 'unaudited'])
    .describe('inconclusive: runs differ and nobody is to blame; unaudited: nobody could run it'),
  endedMs: wallMs,
  elapsedMs: ms,
  verdicts: z.array(
    z.object({
      auditor: peerId,
      auditorName: z.string(),
      finding: z.enum(['same', 'alike', 'different']),
    }),
  ),
  proof: z.string().describe('the signed verdicts, in base64url'),
})

const auditedProviderSchema = z.object({
  provider: peerId,
  name: z.string(),
  passed: z.int().min(0),
  failed: z.int().min(0),
  run: z.int().min(0).describe('audits that passed in a row'),
  ratePercent: z.number().min(0).max(100).describe('share of its work that is audited now'),
  distrusted: z.boolean().describe('it gets no work of this device for a day after a failure'),
})

export const auditListSchema = z.object({
  pending: z.int().min(0).describe('stages whose work waits for its audit'),
  audits: z.array(auditedSchema).describe('the latest first'),
  providers: z.array(auditedProviderSchema),
})

export type AuditListView = z.infer<typeof auditListSchema>
