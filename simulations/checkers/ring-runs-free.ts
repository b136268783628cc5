/**
 * While nothing happens to anybody, a ring makes its steps by itself: its requester sends the prompt,
 * and what the ring may not know of.
 *
 * @module
 */

import type { SessionChecker } from '../session-history.ts'

/** Chunks of a prompt, and a step here and there that was on its way when the ring was let go. */
const STEPS_MAX = 8

export const ringRunsFree: SessionChecker = ({ text }) =>
  text !== undefined && text.steps > STEPS_MAX
    ? [`its requester sent ${text.steps} steps of a text of ${text.expected.length} tokens`]
    : []
