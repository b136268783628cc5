/**
 * What this device recorded of its work.
 *
 * @module
 */

import { z } from 'zod'
import { LEDGER_NOTE_LENGTH_MAX } from './limits.ts'
import { peerId, sha256, wallMs } from './scalars.ts'

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

const tally = {
  earned: credits,
  spent: credits,
  settled: z.int().min(0),
  disputed: z.int().min(0),
}

export const ledgerSummarySchema = z.object({
  days: z
    .array(z.object({ day: z.iso.date().describe('in UTC, by this device’s clock'), ...tally }))
    .describe('days on which receipts ended, the latest last'),
  peers: z.array(z.object({ peer: peerId, name: z.string(), ...tally })),
  others: z.object(tally).describe('peers beyond the first 4,096'),
  witnesses: z
    .array(z.object({ peer: peerId, name: z.string(), size: z.int(), incarnation: z.int() }))
    .describe('who signed the head, and how many entries were under it'),
})

export const ledgerSummaryQuery = z.strictObject({
  days: z.coerce.number().int().min(1).max(3_660).default(30).describe('the last days, at most'),
})

export const ledgerBundleQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0).describe('the first entry'),
})

export const ledgerNoteRequest = z.strictObject({
  text: z.string().min(1).max(LEDGER_NOTE_LENGTH_MAX),
})

export const ledgerNoteSchema = z.object({ seq: z.int().describe('place in the ledger') })

export const receiptTaskParams = z.strictObject({
  task: z.string().regex(/^[0-9a-f]{32}$/, 'expected the 32 hexadecimal digits of a task'),
})

export const receiptProofSchema = z.object({
  task: z.string(),
  stage: z.string().describe('where the receipt stands'),
  proof: z.string().describe('in base64url; brume ledger verify checks it'),
})

export const auditRequest = z.strictObject({
  peer: z
    .string()
    .regex(/^12D3Koo[1-9A-HJ-NP-Za-km-z]{45}$/, 'expected a PeerId')
    .describe('text form of an Ed25519 key, 12D3Koo…'),
})

export const equivocationSchema = z.object({
  accused: peerId,
  type: z.enum(['head-fork', 'receipt-contradiction']),
  proof: z.string().describe('in base64url; brume ledger verify checks it'),
})

export const evidenceListSchema = z.object({ proofs: z.array(equivocationSchema) })

export const auditSchema = z.object({
  peer: peerId,
  name: z.string(),
  verdict: z.enum(['ok', 'invalid', 'incomplete', 'fork']),
  problem: z.object({ code: z.string(), reason: z.string() }).nullable(),
  ledger: z
    .object({
      entries: z.int(),
      incarnation: z.int(),
      settled: z.int(),
      disputed: z.int(),
      unmatched: z.int().describe('halves that nobody answered'),
    })
    .nullable()
    .describe('what the device gave of its ledger; null for nothing'),
  witnesses: z
    .array(
      z.object({
        peer: peerId,
        name: z.string(),
        size: z.int().nullable().describe('entries under the head that it holds'),
        incarnation: z.int().nullable(),
        result: z.enum(['consistent', 'unknown', 'nothing held', 'fork', 'silent']),
      }),
    )
    .describe('what others hold of it, beside what it gave'),
  proofs: z.array(equivocationSchema).describe('that it signed two histories or two answers'),
})

export type LedgerHeadView = z.infer<typeof ledgerHeadSchema>
export type LedgerView = z.infer<typeof ledgerSchema>
export type LedgerSummary = z.infer<typeof ledgerSummarySchema>
export type LedgerSummaryQuery = z.infer<typeof ledgerSummaryQuery>
export type LedgerBundleQuery = z.infer<typeof ledgerBundleQuery>
export type LedgerNoteRequest = z.infer<typeof ledgerNoteRequest>
export type LedgerNote = z.infer<typeof ledgerNoteSchema>
export type ReceiptProofView = z.infer<typeof receiptProofSchema>
export type AuditRequest = z.infer<typeof auditRequest>
export type AuditView = z.infer<typeof auditSchema>
export type EquivocationView = z.infer<typeof equivocationSchema>
export type EvidenceList = z.infer<typeof evidenceListSchema>
