/**
 * When nobody is replaced, what one stage signs that it gave is what the next signs that it got; and
 * when nothing happens to anybody, every stage signs, for every request.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { SessionChecker } from '../session-history.ts'

export const receiptsAgree: SessionChecker = (history) => {
  const { receipts, moves, losses, ends, stages, requests, peaceful } = history
  const closed = ends.some(({ code }) => code === undefined)
  // Who stood by takes a seat although nobody was asked for one.
  if (!closed || losses.length > 0 || moves > 0) return []
  const byStage = new Map(receipts.map((receipt) => [receipt.stage, receipt]))
  const wrong: string[] = []
  if (peaceful && byStage.size < stages) {
    wrong.push(`receipts came from ${byStage.size} of ${stages} stages`)
  }
  for (const [stage, receipt] of byStage) {
    if (receipt.requests !== requests) {
      wrong.push(`stage ${stage} signed for ${receipt.requests} of ${requests} requests`)
    }
    const next = byStage.get(stage + 1)
    if (next !== undefined && !bytesEqual(receipt.outputRoot, next.inputRoot)) {
      wrong.push(`what stage ${stage} gave is not what stage ${next.stage} got`)
    }
  }
  return wrong
}
