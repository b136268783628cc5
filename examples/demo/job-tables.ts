/**
 * Plans and jobs as tables.
 *
 * @module
 */

import type { JobStage, JobView } from '../../node/api/schemas/jobs.ts'
import type { PlannedStage, PlanView } from '../../node/api/schemas/plan.ts'
import { bytesText, durationText, rateText, tableLines } from './quantities.ts'

/** The label of a device by its PeerId. */
export type LabelOf = (peer: string) => string

/** Where the stages of a plan are to run, and what the planner has to say. */
export function planLines(plan: PlanView, labelOf: LabelOf): string[] {
  const header = ['where', 'device', 'layers', 'weights', 'to fetch', 'passes on', 'predicted']
  const rows = plan.stages.map((stage) => [
    place(stage, plan.stages, plan.replicas),
    labelOf(stage.peer),
    layersText(stage),
    bytesText(stage.weightBytes),
    bytesText(stage.fetchBytes),
    bytesText(stage.cutBytes),
    durationText(stage.computeMs),
  ])
  const predicted =
    plan.unit === 'token'
      ? `predicted ${durationText(plan.predictedMs)} a token, ${rateText(1000 / plan.predictedMs, 'token')}`
      : `predicted ${durationText(plan.predictedMs)} an input, ` +
        `${rateText(plan.predictedPerSecond, 'input')} with several under way`
  const notes = plan.notes.filter((note) => !WISHES.test(note))
  return [...tableLines([header, ...rows]), predicted, ...notes]
}

/** Notes that only say again what was asked for, which the table shows. */
const WISHES = /as asked for:|replicas, each on/

/**
 * Where the stages of a job or a text ran and how long they took.
 *
 * @param steps - What passed through them.
 */
export function stageLines(
  job: Pick<JobView, 'stages'>,
  labelOf: LabelOf,
  steps = 'inputs',
): string[] {
  const header = ['where', 'device', 'layers', steps, 'computing', 'passing on', 'bytes out']
  const replicas = 1 + Math.max(...job.stages.map(({ replica }) => replica))
  const rows = job.stages.map((stage) => [
    place(stage, job.stages, replicas),
    labelOf(stage.peer),
    layersText(stage),
    String(stage.steps),
    optionalMs(stage.computeMs),
    optionalMs(stage.transferMs),
    bytesText(stage.bytesOut),
  ])
  return tableLines([header, ...rows])
}

/** How long each hop between stages took. */
export function hopLines(job: Pick<JobView, 'hops'>): string[] {
  const header = ['hop', 'bytes', 'median', '95 of 100']
  const several = job.hops.some(({ replica }) => replica > 0)
  const rows = job.hops.map(({ replica, from, to, bytes, p50Ms, p95Ms }) => [
    `${several ? `copy ${replica + 1}: ` : ''}${end(from)} → ${end(to)}`,
    bytesText(bytes),
    durationText(p50Ms),
    durationText(p95Ms),
  ])
  return tableLines([header, ...rows])
}

/** The receipts that stand in the ledgers of both devices now. */
export function settlementLines(
  { settlements }: Pick<JobView, 'settlements'>,
  labelOf: (peer: string) => string,
): string[] {
  if (settlements.length === 0) return []
  const rows = settlements.map(({ id, peer, state, credits, megaflops }) => [
    id,
    labelOf(peer),
    state,
    String(credits),
    `${(megaflops / 1_000).toPrecision(3)} GFLOP`,
  ])
  return tableLines([['receipt in both ledgers', 'device', 'state', 'credits', 'work'], ...rows])
}

/**
 * Which stage of how many, of which copy, as short as it can be.
 *
 * @param all - Every stage of every copy.
 */
function place(
  stage: JobStage | PlannedStage,
  all: readonly (JobStage | PlannedStage)[],
  replicas: number,
): string {
  const stages = 1 + Math.max(...all.map(({ index }) => index))
  const parts = [
    ...(replicas > 1 ? [`copy ${stage.replica + 1}`] : []),
    ...(stages > 1 ? [`stage ${stage.index + 1} of ${stages}`] : []),
  ]
  return parts.join(', ') || 'whole'
}

/** First and last layer. The range itself ends before `toLayer`. */
function layersText({ fromLayer, toLayer }: JobStage | PlannedStage): string {
  return `${fromLayer}–${toLayer - 1}`
}

function end(name: string): string {
  return /^\d+$/.test(name) ? `stage ${Number(name) + 1}` : name
}

function optionalMs(ms: number | undefined): string {
  return ms === undefined ? '–' : durationText(ms)
}
