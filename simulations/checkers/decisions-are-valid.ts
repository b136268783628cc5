/**
 * What is decided is something that an honest seat may vote for.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import type { EpochChecker } from '../epoch-scenario.ts'

export const decisionsAreValid: EpochChecker = (world) =>
  world
    .decisions()
    .map(({ seat, decision }) => ({ seat, text: textOf(decision.value) ?? 'no text' }))
    .filter(({ text }) => !text.startsWith('good'))
    .map(({ seat, text }) => `seat ${seat} decided on ${text}`)
