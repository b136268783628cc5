/**
 * One text that the mesh writes, and the comparison of two.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { TextEventView, TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { type DaemonClient, requestError } from './client.ts'
import { DemoError } from './errors.ts'

/** What was written, and all about it. */
export interface TextRun {
  readonly view: TextView
  /** SHA-256 over the hashes of the logits of all tokens, in order, in hex. */
  readonly sha256: string
}

export interface TextRunInit {
  readonly client: Pick<DaemonClient, 'write' | 'text' | 'textEvents'>
  readonly request: TextSpec
  /** Sees each event before the next one is read; the text itself does not wait for it. */
  readonly onEvent: (text: TextView, event: TextEventView) => Promise<void> | void
}

/** Writes one text to its end. @throws {DemoError} DEMO_REQUEST_FAILED when it fails. */
export async function writeText({ client, request, onEvent }: TextRunInit): Promise<TextRun> {
  const text = await client.write({ ...request, hashLogits: true })
  const digest = createHash('sha256')
  for await (const event of client.textEvents(text.id)) {
    await onEvent(text, event)
    if (event.type === 'failed') throw requestError(event.error)
    if (event.type !== 'tokens') continue
    for (const { logitsHash } of event.tokens) digest.update(`${logitsHash}\n`)
  }
  return { view: await client.text(text.id), sha256: digest.digest('hex') }
}

/** @throws {DemoError} DEMO_ANSWER_CHANGED when a character or a bit of a logit differs. */
export function expectSameText(before: TextRun, after: TextRun): void {
  const sameWords = before.view.text === after.view.text
  if (sameWords && before.sha256 === after.sha256) return
  const problem = `expected the same text again, got other ${sameWords ? 'logits' : 'words'}`
  throw new DemoError({ code: 'DEMO_ANSWER_CHANGED', problem }, problem)
}
