/**
 * Routes about the ledger of this device.
 *
 * @module
 */

import { ApiError } from '../errors.ts'
import { answers, downloads, type Route } from '../route.ts'
import {
  auditRequest,
  auditSchema,
  evidenceListSchema,
  ledgerBundleQuery,
  ledgerNoteRequest,
  ledgerNoteSchema,
  ledgerSchema,
  ledgerSummaryQuery,
  ledgerSummarySchema,
  receiptProofSchema,
  receiptTaskParams,
} from '../schemas/ledger.ts'

export const ledgerRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/ledger',
    summary: 'The head of the ledger, and what was earned and spent',
    status: 200,
    answer: ledgerSchema,
    handle: ({ backend }) => backend.ledger(),
  }),
  answers({
    method: 'GET',
    path: '/v1/ledger/summary',
    summary: 'What was earned and spent, by day and by peer, and who witnesses the ledger',
    query: ledgerSummaryQuery,
    status: 200,
    answer: ledgerSummarySchema,
    handle: ({ backend, query }) => backend.ledgerSummary(query),
  }),
  downloads({
    method: 'GET',
    path: '/v1/ledger/bundle',
    summary: 'The ledger as a file that anybody can verify',
    query: ledgerBundleQuery,
    mediaType: 'application/cbor-seq',
    open: ({ backend, query }) => backend.ledgerBundle(query),
  }),
  answers({
    method: 'POST',
    path: '/v1/ledger/notes',
    summary: 'Write a note into the ledger',
    body: ledgerNoteRequest,
    status: 201,
    answer: ledgerNoteSchema,
    handle: ({ backend, body }) => backend.noteInLedger(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/ledger/receipts/:task/proof',
    summary: 'The receipt of a task, with the proof that it is in the ledger',
    params: receiptTaskParams,
    status: 200,
    answer: receiptProofSchema,
    handle: async ({ backend, params }) => {
      const proof = await backend.proveReceipt(params.task)
      if (proof === undefined) throw new ApiError({ code: 'API_RECEIPT_UNKNOWN' })
      return proof
    },
  }),
  answers({
    method: 'POST',
    path: '/v1/ledger/audits',
    summary: 'Check the ledger of another device against what its witnesses hold',
    body: auditRequest,
    status: 200,
    answer: auditSchema,
    handle: ({ backend, body }) => backend.auditLedger(body),
  }),
  answers({
    method: 'GET',
    path: '/v1/ledger/evidence',
    summary: 'Proofs that devices signed two histories or two answers',
    status: 200,
    answer: evidenceListSchema,
    handle: ({ backend }) => backend.evidence(),
  }),
]
