/**
 * A device that is stopped in the middle of a text hands its stage over between two tokens: long texts
 * by a copy of their keys and values, short ones by running them again.
 *
 * @module
 */

import type { TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addNovelist, endingOf, writeText, type WrittenText } from './written-text.ts'

/** Of each of the two. */
const RUNS = 6
const DAEMONS = 5
const STAGES = 3
const TOKENS = 450
/** Tokens after which it is stopped, of a long text and of a short one. */
const LONG_AT = 150
const SHORT_AT = 6
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

/** What came of all moves. */
interface Moves {
  readonly equal: number
  /** Steps between the tokens around each move. */
  readonly gaps: readonly number[]
  /** Of stages that have keys and values; of others there is nothing to copy. */
  readonly copied: number
  readonly replayed: number
}

interface Move {
  readonly text: TextView
  /** Between two tokens, median. */
  readonly usualMs: number
  /** Between the last token before the stage moved and the first one after. */
  readonly gapMs: number
  readonly leaver: TestDaemon | undefined
  /** Rows that were copied; undefined when nothing moved. */
  readonly copiedRows: number | undefined
}

/** Writes a text, and stops the holder of a stage in the middle of it. */
async function leave(
  { fleet, requester, spec }: Scene,
  run: number,
  leaveAt: number,
): Promise<Move> {
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
    if (leaver !== undefined || steps.length < leaveAt) return
    leaver = await holder(fleet, requester, run % STAGES)
    void leaver?.stop()
  })
  const gapMs = movedAt === undefined ? Number.NaN : (steps[movedAt] ?? Number.NaN)
  const { copiedRows } = text.recoveries[0] ?? {}
  return { text, usualMs: median(steps), gapMs, leaver, copiedRows }
}

/** One text after another, in each of which another stage moves; who left is back afterwards. */
async function leaveInTurn(
  scene: Scene,
  whole: WrittenText,
  { say, signal }: ClaimContext,
  leaveAt: number,
): Promise<Moves> {
  const moves: Move[] = []
  let equal = 0
  for (let run = 0; run < RUNS && !signal.aborted; run++) {
    const move = await leave(scene, run, leaveAt)
    const { text, leaver } = move
    if (text.state === 'done' && text.text === whole.view.text) equal++
    else say(`run ${run + 1}: OTHER: ${text.state} ${text.error?.code ?? ''}`)
    moves.push(move)
    say(moveText(move))
    if (leaver === undefined) continue
    await leaver.exited
    await scene.fleet.start(leaver.name)
    await scene.fleet.awaitPeers(DAEMONS, 60_000)
  }
  const moved = moves.filter(({ copiedRows }) => copiedRows !== undefined)
  const kept = moved.filter(({ text }) => keepsRows(text))
  const copied = kept.filter(({ copiedRows }) => copiedRows !== 0).length
  const gaps = moved.map(({ gapMs, usualMs }) => gapMs / usualMs)
  return { equal, gaps, copied, replayed: kept.length - copied }
}

/** True unless the stage that moved only looks tokens up, or only makes logits. */
function keepsRows({ stages, recoveries }: TextView): boolean {
  const head = Math.max(...stages.map(({ toLayer }) => toLayer)) - 1
  const moved = stages.find(({ index }) => index === recoveries[0]?.stage)
  return moved !== undefined && moved.fromLayer < head && moved.toLayer > 1
}

function moveText({ text, usualMs, gapMs, copiedRows }: Move): string {
  const [{ stage, ms, code } = { stage: '?', ms: Number.NaN, code: '' }] = text.recoveries
  const how = copiedRows ? `${copiedRows} rows copied` : 'run again'
  const gap = (gapMs / usualMs).toFixed(1)
  const why = code === 'INFERENCE_STAGE_LEAVING' ? '' : `, lost by ${code}`
  return `stage ${stage} moved in ${ms.toFixed(0)} ms, ${how}${why}: a step takes ${usualMs.toFixed(1)} ms, the one with the move ${gap} steps`
}

export const claim: Claim = {
  sentence: 'A device that is stopped hands its stage of a text over without a gap.',
  goal: `all texts equal; at most ${GAP_STEPS_MAX} steps between the tokens around the move, median; long texts are copied, short ones are not`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('texts')
    const { id: model } = await addNovelist(requester)
    const spec: TextSpec = {
      model,
      stages: STAGES,
      // Each stage has layers with keys and values.
      objective: 'throughput',
      wire: 'f32',
      prompt: 'Emma was',
      tokensMax: TOKENS,
      ignoreStopTokens: true,
      sampling: { temperature: 0.7, topP: 0.9, seed: 1811 },
    }
    const whole = await writeText(requester, spec)
    if (whole.view.state !== 'done') throw new Error(endingOf(whole))
    const scene = { fleet, requester, spec }
    const long = await leaveInTurn(scene, whole, { say, signal }, LONG_AT)
    // Who stands by has loaded the stage: the text is still short when it is to move.
    const short = await leaveInTurn(
      { ...scene, spec: { ...spec, standby: 'always' } },
      whole,
      { say, signal },
      SHORT_AT,
    )
    const equal = long.equal + short.equal
    const gaps = [...long.gaps, ...short.gaps]
    const gap = median(gaps)
    const byRule = long.copied > 0 && long.replayed === 0 && short.replayed > 0
    const moves = `${long.copied} of ${long.copied + long.replayed} long texts copied, ${short.replayed} of ${short.copied + short.replayed} short ones run again`
    return {
      met: equal === 2 * RUNS && gaps.length === 2 * RUNS && gap <= GAP_STEPS_MAX && byRule,
      figure: `${equal} of ${2 * RUNS} equal, ${gap.toFixed(1)} steps between the tokens around the move (median), ${Math.max(...gaps).toFixed(1)} at most; ${moves}`,
      facts: { long, short },
    }
  },
}
