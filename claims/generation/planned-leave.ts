/**
 * A device that is stopped in the middle of a text hands its stage over between two tokens.
 *
 * @module
 */

import type { TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addNovelist, endingOf, writeText, type WrittenText } from './written-text.ts'

const RUNS = 12
const DAEMONS = 5
const STAGES = 3
const TOKENS = 300
const LEAVE_AT = 60
/** Steps that the longest gap while the stage moves may last. */
const GAP_STEPS_MAX = 2

/** The holder of a stage of the text that is being written; never the requester itself. */
async function holder(
  fleet: DaemonFleet,
  requester: TestDaemon,
  stage: number,
): Promise<TestDaemon | undefined> {
  const { texts } = await requester.api.get<{ texts: TextView[] }>('/v1/texts')
  const all = (texts[0]?.stages ?? []).map(({ peer }) =>
    fleet.daemons.find((daemon) => daemon.status.peer === peer),
  )
  return [...all.slice(stage), ...all].find((each) => each !== requester)
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

interface Scene {
  readonly fleet: DaemonFleet
  readonly requester: TestDaemon
  readonly spec: TextSpec
}

interface Move {
  readonly text: TextView
  /** Between two tokens, median. */
  readonly usualMs: number
  /** Between the last token before the stage moved and the first one after. */
  readonly gapMs: number
  readonly leaver: TestDaemon | undefined
}

/** Writes a text, and stops the holder of a stage in the middle of it. */
async function leave(run: number, { fleet, requester, spec }: Scene): Promise<Move> {
  const steps: number[] = []
  let lastMs: number | undefined
  let movedAt: number | undefined
  let leaver: TestDaemon | undefined
  const text = await requester.api.write(spec, async (event) => {
    if (event.type === 'recovery') movedAt ??= steps.length
    if (event.type !== 'tokens') return
    const nowMs = performance.now()
    if (lastMs !== undefined) steps.push(nowMs - lastMs)
    lastMs = nowMs
    if (leaver !== undefined || steps.length < LEAVE_AT) return
    leaver = await holder(fleet, requester, run % STAGES)
    void leaver?.stop()
  })
  const gapMs = movedAt === undefined ? Number.NaN : (steps[movedAt] ?? Number.NaN)
  return { text, usualMs: median(steps), gapMs, leaver }
}

/** One text after another, in each of which another stage moves; who left is back afterwards. */
async function leaveInTurn(
  scene: Scene,
  whole: WrittenText,
  { say, signal }: ClaimContext,
): Promise<{ readonly equal: number; readonly gaps: readonly number[] }> {
  const gaps: number[] = []
  let equal = 0
  for (let run = 0; run < RUNS && !signal.aborted; run++) {
    const { text, usualMs, gapMs, leaver } = await leave(run, scene)
    const steps = gapMs / usualMs
    if (text.state === 'done' && text.text === whole.view.text) equal++
    else say(`run ${run + 1}: OTHER: ${text.state} ${text.error?.code ?? ''}`)
    if (text.recoveries.length > 0) gaps.push(steps)
    say(
      `stage ${text.recoveries[0]?.stage ?? '?'} moved: a step takes ${usualMs.toFixed(1)} ms, the one with the move ${steps.toFixed(1)} steps`,
    )
    if (leaver === undefined) continue
    await leaver.exited
    await scene.fleet.start(leaver.name)
    await scene.fleet.awaitPeers(DAEMONS, 60_000)
  }
  return { equal, gaps }
}

export const claim: Claim = {
  sentence: 'A device that is stopped hands its stage of a text over without a gap.',
  goal: `all texts equal; at most ${GAP_STEPS_MAX} steps between the tokens around the move, median`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('texts')
    const { id: model } = await addNovelist(requester)
    const spec: TextSpec = {
      model,
      stages: STAGES,
      wire: 'f32',
      prompt: 'Emma was',
      tokensMax: TOKENS,
      ignoreStopTokens: true,
      sampling: { temperature: 0.7, topP: 0.9, seed: 1811 },
    }
    const whole = await writeText(requester, spec)
    if (whole.view.state !== 'done') throw new Error(endingOf(whole))
    const { equal, gaps } = await leaveInTurn({ fleet, requester, spec }, whole, { say, signal })
    const gap = median(gaps)
    return {
      met: equal === RUNS && gaps.length === RUNS && gap <= GAP_STEPS_MAX,
      figure: `${equal} of ${RUNS} equal, ${gap.toFixed(1)} steps between the tokens around the move (median), ${Math.max(...gaps).toFixed(1)} at most`,
      facts: { equal, gaps },
    }
  },
}
