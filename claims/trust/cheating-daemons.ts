/**
 * Three daemons that cheat in a mesh with honest ones, until each is found.
 *
 * @module
 */

import type { AuditListView } from '../../node/api/schemas/audits.ts'
import type { TrustView } from '../../node/api/schemas/trust.ts'
import { CHEATS } from '../../test/fixtures/cheats.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { delay, until } from '../../test/fixtures/delay.ts'
import type { ClaimContext } from '../claim.ts'
import { addNovelist, endingOf, writeText } from '../generation/written-text.ts'

const MODIFIED = 'test/fixtures/cheating-daemon-program.ts'
const HONEST = 3
/** As long as those of tests: audits wait for the beacon of one. */
const EPOCH_MS = 5_000
const TEXTS_MAX = 8
const TOKENS_A_TEXT = 32
/** A few epochs, and the audits. */
const AUDITS_MS_MAX = 180_000
/** Some epochs. */
const SCORES_MS_MAX = 60_000
const LOOK_EVERY_MS = 500

export interface CaughtDaemons {
  /** Who cheats and failed an audit. */
  readonly caught: readonly string[]
  /** Who does not and failed one. */
  readonly accused: readonly string[]
  /** Tokens that were drawn until the last one was found. */
  readonly tokens: number
  /** Audits that passed. */
  readonly passed: number
  /** Who has less of a certified score for its audits, the same in the eyes of all daemons. */
  readonly fallen: readonly string[]
}

export async function catchDaemons({ say, signal }: ClaimContext): Promise<CaughtDaemons> {
  await using fleet = new DaemonFleet({ env: { BRUME_TRUST_EPOCH_MS: String(EPOCH_MS) } })
  const [requester] = await fleet.startMany(HONEST)
  if (requester === undefined) throw new Error('no daemon')
  for (const cheat of CHEATS) await fleet.start(cheat, { CHEAT: cheat }, MODIFIED)
  await fleet.formMesh('cheats')
  await spoken(fleet, requester)
  const model = await addNovelist(requester)
  const names = new Map<string, string>(
    fleet.daemons.map(({ status, name }) => [status.peer, name]),
  )
  let tokens = 0
  let found: AuditListView | undefined
  for (let text = 0; text < TEXTS_MAX && caughtIn(found, names).length < CHEATS.length; text++) {
    signal.throwIfAborted()
    const written = await writeText(requester, {
      model: model.id,
      prompt: 'Emma was',
      tokensMax: TOKENS_A_TEXT,
      // What a last stage draws depends on all of its logits, and no text is like another.
      sampling: { temperature: 1, seed: text + 1 },
      stages: Math.max(2, fleet.daemons.length - caughtIn(found, names).length),
      objective: 'throughput',
      hashLogits: false,
    })
    if (written.view.state !== 'done') throw new Error(endingOf(written))
    tokens += written.tokens.length
    found = await audited(requester, found?.audits.length ?? 0)
    const held = written.view.stages.map(
      ({ peer, fromLayer, toLayer }) => `${names.get(peer)} ${fromLayer}–${toLayer}`,
    )
    say(
      `text ${text + 1}: ${held.join(', ')}; caught: ${caughtIn(found, names).join(', ') || 'none'}`,
    )
  }
  const fallen = await fallenIn(fleet, names)
  say(`lower in the certified score of all: ${fallen.join(', ') || 'nobody'}`)
  return told(found, names, { say, tokens, fallen })
}

/** Auditors are drawn from those that have spoken: a device whose audits are to count waits for it. */
async function spoken({ daemons }: DaemonFleet, { api }: TestDaemon): Promise<void> {
  await until('all have a score', SCORES_MS_MAX, async () => {
    const { scores } = await api.get<TrustView>('/v1/trust')
    return scores.length === daemons.length ? true : undefined
  })
}

/** Whose certified score audits have lowered, once all daemons say the same of all cheats or time is up. */
async function fallenIn(
  { daemons }: DaemonFleet,
  names: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  let fallen: readonly string[] = []
  const sinceMs = performance.now()
  while (performance.now() - sinceMs < SCORES_MS_MAX) {
    const views = await Promise.all(daemons.map(({ api }) => api.get<TrustView>('/v1/trust')))
    const lowered = views.map(({ scores }) =>
      scores
        .filter(({ auditFactor }) => auditFactor < 1)
        .map(({ peer }) => names.get(peer) ?? peer)
        .toSorted(),
    )
    fallen = lowered[0] ?? []
    const alike = new Set(lowered.map((each) => each.join())).size === 1
    if (alike && fallen.filter(isCheat).length === CHEATS.length) return fallen
    await delay(LOOK_EVERY_MS)
  }
  return fallen
}

/** What came of it, told audit by audit. */
function told(
  found: AuditListView | undefined,
  names: ReadonlyMap<string, string>,
  {
    say,
    tokens,
    fallen,
  }: {
    readonly say: ClaimContext['say']
    readonly tokens: number
    readonly fallen: readonly string[]
  },
): CaughtDaemons {
  const audits = found?.audits ?? []
  for (const { provider, stage, outcome, verdicts } of audits) {
    const findings = verdicts.map(({ auditor, finding }) => `${names.get(auditor)} ${finding}`)
    say(`  ${names.get(provider)} at stage ${stage}: ${outcome} (${findings.join(', ')})`)
  }
  return {
    caught: caughtIn(found, names),
    accused: failedIn(found, names).filter((name) => !isCheat(name)),
    tokens,
    passed: audits.filter(({ outcome }) => outcome === 'passed').length,
    fallen,
  }
}

/** What the requester knows once nothing of a text waits for its audit any more: texts are settled before. */
async function audited({ api }: TestDaemon, before: number): Promise<AuditListView> {
  return until('all audits have ended', AUDITS_MS_MAX, async () => {
    const list = await api.get<AuditListView>('/v1/audits')
    return list.pending === 0 && list.audits.length > before ? list : undefined
  })
}

function failedIn(
  list: AuditListView | undefined,
  names: ReadonlyMap<string, string>,
): readonly string[] {
  const failed = (list?.providers ?? []).filter((provider) => provider.failed > 0)
  return failed.map(({ provider }) => names.get(provider) ?? provider)
}

function caughtIn(
  list: AuditListView | undefined,
  names: ReadonlyMap<string, string>,
): readonly string[] {
  return failedIn(list, names).filter(isCheat)
}

function isCheat(name: string): boolean {
  return (CHEATS as readonly string[]).includes(name)
}
