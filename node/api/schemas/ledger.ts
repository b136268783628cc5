/**
 * What this device recorded of its work.
 *
 * @module
 */

import { z } from 'zod'
import { sha256, wallMs } from './scalars.ts'

export const ledgerHeadSchema = z.object({
  size: z.int().min(0).describe('entries under the head'),
  incarnation: z.int().min(0).describe('0 until entries were lost for the first time'),
  head: z.object({ root: sha256.describe('RFC 9162 root over them'), signedMs: wallMs }).nullable(),
})

const credits = z.number().min(0).describe('one credit is 10^12 operations of a job')

export const ledgerSchema = ledgerHeadSchema.extend({
  log: sha256.describe('id of the log'),
  credits: z.object({ earned: credits, spent: credits }),
  receipts: z.object({
    settled: z.int().min(0),
    disputed: z.int().min(0),
    unmatched: z.int().min(0).describe('halves that nobody answered, or not yet'),
  }),
})

export type LedgerHeadView = z.infer<typeof ledgerHeadSchema>
export type LedgerView = z.infer<typeof ledgerSchema>
