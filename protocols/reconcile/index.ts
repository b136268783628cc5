/**
 * The door of set reconciliation: which items one device has and another lacks.
 *
 * @module
 */

export {
  RECONCILE_FAULTS,
  type ReconcileAnswer,
  reconcileCodec,
  type ReconciledSet,
  type ReconcileQuestion,
} from './questions.ts'
export type { ReconcileErrorCode } from './errors.ts'
export { ItemSet } from './item-set.ts'
export * as RECONCILE_LIMITS from './limits.ts'
export { answerReconciliation, Reconciliation } from './reconciliation.ts'
