/**
 * Texts as claims ask for them: a model that fits the machine, and every token with its logits.
 *
 * @module
 */

import { resolve } from 'node:path'
import type { DrawnView, TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import type { DaemonFleet, TestDaemon } from '../../test/fixtures/daemons.ts'
import { smolLm2File } from '../../test/fixtures/real-model.ts'

/** A model in the store of a daemon. */
export interface TextModelRef {
  readonly id: string
  readonly name: string
}

/** A text with all that was drawn. */
export interface WrittenText {
  readonly view: TextView
  readonly tokens: readonly DrawnView[]
  /** Token ids and hashes of logits, one line a token: equal lines, equal bits. */
  readonly trace: string
}

/** Imports the model of this project, which every clone has. */
export async function addNovelist({ api }: TestDaemon): Promise<TextModelRef> {
  const { id } = await api.operate('/v1/models/import', {
    file: resolve(NOVELIST_FILE),
    name: 'novelist',
  })
  return { id, name: 'novelist' }
}

/** Imports SmolLM2-135M-Instruct where it was fetched; undefined where not. */
export async function addSmolLm2({ api }: TestDaemon): Promise<TextModelRef | undefined> {
  const file = smolLm2File()
  if (file === undefined) return undefined
  const { id } = await api.operate('/v1/models/import', { file, name: 'smollm2' })
  return { id, name: 'smollm2' }
}

/** Writes a text, and calls `onTokens` with how many tokens have come, as they come; with 0 once its stages serve. */
export async function writeText(
  { api }: TestDaemon,
  spec: TextSpec,
  onTokens?: (count: number) => Promise<void> | void,
): Promise<WrittenText> {
  const tokens: DrawnView[] = []
  const view = await api.write({ hashLogits: true, wire: 'f32', ...spec }, async (event) => {
    if (event.type === 'state' && event.state === 'running') await onTokens?.(0)
    if (event.type !== 'tokens') return
    tokens.push(...event.tokens)
    await onTokens?.(tokens.length)
  })
  const trace = tokens.map(({ token, logitsHash }) => `${token} ${logitsHash}`).join('\n')
  return { view, tokens, trace }
}

/** The daemons that hold the stages of the text that is being written now. */
export async function holders(
  fleet: DaemonFleet,
  requester: TestDaemon,
): Promise<readonly (TestDaemon | undefined)[]> {
  const { texts } = await requester.api.get<{ texts: TextView[] }>('/v1/texts')
  return (texts[0]?.stages ?? []).map(({ peer }) =>
    fleet.daemons.find((daemon) => daemon.status.peer === peer),
  )
}

/** How a text ended, for a person who looks for the reason. */
export function endingOf({ view }: WrittenText): string {
  const { id, state, error, recoveries } = view
  const codes = recoveries.map(({ stage, code }) => `${stage} ${code}`).join(', ')
  return `text ${id} ${state} ${error?.code ?? ''} ${error?.detail ?? ''}, replaced: ${codes || 'none'}`
}
