/**
 * The door of /brume/ledger/1.
 *
 * @module
 */

export type { LedgerQuestionFault } from './errors.ts'
export * as LEDGER_LIMITS from './limits.ts'
export {
  type LedgerAnswer,
  type LedgerAnswerTo,
  ledgerCodec,
  type LedgerQuestion,
} from './messages.ts'
export { type RecallInput, RecallMachine, type RecallOutput } from './recall-machine.ts'
export { LEDGER_QUESTION_FAULTS } from './question-faults.ts'
