/**
 * The door of /brume/witness/1.
 *
 * @module
 */

export type { WitnessFault } from './errors.ts'
export * as WITNESS_LIMITS from './limits.ts'
export { type ShowHead, type WitnessAnswer, witnessCodec } from './messages.ts'
export { witnessOrder } from './witness-order.ts'
export { WITNESS_FAULTS } from './question-faults.ts'
