/**
 * The two protocols of ledgers, as questions over links.
 *
 * @module
 */

import {
  LEDGER_LIMITS,
  LEDGER_QUESTION_FAULTS,
  type LedgerAnswer,
  ledgerCodec,
  type LedgerQuestion,
} from '../../protocols/ledger/index.ts'
import {
  type ShowHead,
  WITNESS_FAULTS,
  WITNESS_LIMITS,
  type WitnessAnswer,
  witnessCodec,
} from '../../protocols/witness/index.ts'
import { QuestionError } from './errors.ts'
import type { QuestionProtocol } from './question-link.ts'

/** Asking about ledgers. */
export const ledgerProtocol: QuestionProtocol<LedgerQuestion, LedgerAnswer> = {
  id: LEDGER_LIMITS.LEDGER_PROTOCOL,
  codec: ledgerCodec,
  frameBytesMax: LEDGER_LIMITS.LEDGER_FRAME_BYTES_MAX,
  answerMsMax: LEDGER_LIMITS.ANSWER_MS_MAX,
  answering: {
    questionsMax: LEDGER_LIMITS.QUESTIONS_PER_LINK_MAX,
    idleMsMax: LEDGER_LIMITS.LINK_IDLE_MS_MAX,
  },
  failure: (fault) => new QuestionError(LEDGER_QUESTION_FAULTS[fault]),
}

/** Showing heads to witnesses. */
export const witnessProtocol: QuestionProtocol<ShowHead, WitnessAnswer> = {
  id: WITNESS_LIMITS.WITNESS_PROTOCOL,
  codec: witnessCodec,
  frameBytesMax: WITNESS_LIMITS.WITNESS_FRAME_BYTES_MAX,
  answerMsMax: WITNESS_LIMITS.ANSWER_MS_MAX,
  answering: {
    questionsMax: WITNESS_LIMITS.HEADS_PER_LINK_MAX,
    idleMsMax: WITNESS_LIMITS.LINK_IDLE_MS_MAX,
  },
  failure: (fault) => new QuestionError(WITNESS_FAULTS[fault]),
}
