/**
 * A text says what the model says, token for token, and all of it unless its session failed.
 *
 * @module
 */

import type { SessionChecker } from '../session-history.ts'

export const sameWords: SessionChecker = ({ text, ends }) => {
  if (text === undefined) return []
  const { answer, expected } = text
  const wrong = answer.findIndex((token, index) => token !== expected[index])
  if (wrong !== -1) return [`token ${wrong} is ${answer[wrong]} and not ${expected[wrong]}`]
  const closed = ends.some(({ code }) => code === undefined)
  return closed && answer.length < expected.length
    ? [`the text closed with ${answer.length} of ${expected.length} tokens`]
    : []
}
