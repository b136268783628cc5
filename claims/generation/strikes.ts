/**
 * Texts in whose middle something is done to the devices that write them.
 *
 * @module
 */

import type { TextSpec } from '../../node/api/schemas/texts.ts'
import type { DaemonFleet, TestDaemon } from '../../test/fixtures/daemons.ts'
import type { ClaimContext } from '../claim.ts'
import { addNovelist, endingOf, writeText, type WrittenText } from './written-text.ts'

/** What is done, and when. */
export interface Strike<What extends string> {
  readonly what: What
  readonly stages: number
  /** Index of the stage that is hit, or of the first of two. */
  readonly victim: number
  /** Tokens that are there when it is hit; 0 while the prompt is run. */
  readonly at: number
}

export interface Scene {
  readonly fleet: DaemonFleet
  readonly requester: TestDaemon
  readonly spec: TextSpec
}

/** Strikes, and returns how to make good what was done. */
export type Blow<What extends string> = (
  scene: Scene,
  strike: Strike<What>,
) => Promise<() => Promise<void>>

/** Gaps that are told one by one. */
const SLOW_MS = 1_500

export interface Siege {
  /** Texts that were as without a strike, to the last bit. */
  readonly equal: number
  /** Texts that lost a stage. */
  readonly struck: number
  /** Of those, by what was done. */
  readonly kinds: ReadonlyMap<string, number>
  /** Of those, by where it hit. */
  readonly places: ReadonlyMap<string, number>
  /** Longest gaps between two tokens of those, or before the first, in ms. */
  readonly gaps: readonly number[]
}

/** A mesh of so many daemons with the model of this project, and a text of it that nothing befell. */
export async function sceneOf(
  fleet: DaemonFleet,
  daemons: number,
  wish: Pick<TextSpec, 'tokensMax' | 'sampling'>,
): Promise<{ readonly scene: Scene; readonly whole: WrittenText }> {
  const [requester] = await fleet.startMany(daemons)
  if (requester === undefined) throw new Error('no daemon')
  await fleet.formMesh('texts')
  const { id: model } = await addNovelist(requester)
  const prompt = 'She looked out of the window, and saw'
  const spec: TextSpec = { ...wish, model, prompt, ignoreStopTokens: true }
  const whole = await writeText(requester, { ...spec, stages: 1 })
  if (whole.view.state !== 'done') throw new Error(endingOf(whole))
  return { scene: { fleet, requester, spec }, whole }
}

/** One text for each strike, beside `whole`, the same text without any. */
export async function besiege<What extends string>(
  scene: Scene,
  {
    whole,
    strikes,
    blow,
  }: { whole: WrittenText; strikes: readonly Strike<What>[]; blow: Blow<What> },
  { say, signal }: ClaimContext,
): Promise<Siege> {
  const [kinds, places] = [new Map<string, number>(), new Map<string, number>()]
  const gaps: number[] = []
  let [equal, struck] = [0, 0]
  for (const [run, strike] of strikes.entries()) {
    signal.throwIfAborted()
    const text = await attempt(scene, strike, blow)
    const asSent = JSON.stringify(strike)
    if (text.view.state === 'done' && text.trace === whole.trace) equal++
    else say(`text ${run + 1}: OTHER after ${asSent}: ${endingOf(text)}`)
    if (text.view.recoveries.length === 0) say(`text ${run + 1}: nothing was lost by ${asSent}`)
    else {
      struck++
      count(kinds, strike.what)
      count(places, placeOf(strike))
      gaps.push(gapOf(text))
      if (gapOf(text) > SLOW_MS) {
        say(
          `text ${run + 1}: ${Math.round(gapOf(text))} ms after ${asSent}: ${recoveriesText(text)}`,
        )
      }
    }
    if ((run + 1) % 10 === 0) say(`${run + 1} texts, ${equal} equal`)
  }
  return { equal, struck, kinds, places, gaps }
}

function recoveriesText({ view: { recoveries } }: WrittenText): string {
  return recoveries.map(({ stage, code, ms }) => `${stage} ${code} ${Math.round(ms)} ms`).join(', ')
}

async function attempt<What extends string>(
  scene: Scene,
  strike: Strike<What>,
  blow: Blow<What>,
): Promise<WrittenText> {
  const { requester, spec } = scene
  let mend: Promise<() => Promise<void>> | undefined
  const text = await writeText(requester, { ...spec, stages: strike.stages }, async (tokens) => {
    if (mend !== undefined || tokens < strike.at) return
    mend = blow(scene, strike)
    await mend
  })
  await (
    await mend
  )?.()
  return text
}

function placeOf({ at, victim, stages }: Strike<string>): string {
  if (at === 0) return 'in the prompt'
  if (victim === 0) return 'first'
  return victim === stages - 1 ? 'last' : 'middle'
}

/** Of a text that was struck before its first token, the time to that counts as well. */
function gapOf({ view: { times } }: WrittenText): number {
  const firstMs = (times.firstTokenMs ?? 0) - (times.loadMs ?? 0)
  return Math.max(times.gapMaxMs ?? 0, firstMs)
}

function count(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1)
}

/** As `2 first, 3 last`. */
export function countsText(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, times]) => `${times} ${name}`).join(', ')
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}
