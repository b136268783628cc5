/**
 * What a fault between asker and answerer is called on /brume/witness/1.
 *
 * @module
 */

import type { QuestionFault } from '../../core/question.ts'
import type { WitnessFault } from './errors.ts'

/** The code of a fault on a link of /brume/witness/1. */
export const WITNESS_FAULTS: Readonly<Record<QuestionFault, WitnessFault>> = {
  unexpected: 'WITNESS_UNEXPECTED',
  late: 'WITNESS_TIMED_OUT',
  ended: 'WITNESS_LINK_ENDED',
  'too-many': 'WITNESS_TOO_MANY',
}
