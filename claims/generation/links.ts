/**
 * What is said before of the rate of a text over slow links, beside what comes.
 *
 * Daemons in namespaces of their own, with links of 5, 25 and 80 ms there and back and 20 Mbit/s.
 * On each mesh the first text runs on what the test of its stages says, the next ones on what was
 * measured; with several texts at once the model of the pipeline is held to account, then once more
 * corrected by how far off it was.
 *
 * @module
 */

import type { PlanView } from '../../node/api/schemas/plan.ts'
import type { TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'
import { SMOLLM2_MISSING, smolLm2File } from '../../test/fixtures/real-model.ts'
import { ShapedFleet, shapingProblem } from '../../test/fixtures/shaped-fleet.ts'
import type { Claim, ClaimContext, Verdict } from '../claim.ts'
import { addSmolLm2, endingOf, writeText } from './written-text.ts'

const DAEMONS = 3
const ROUND_TRIPS_MS = [5, 25, 80]
const MBPS = 20
const STAGES = [2, 3]
const STREAMS = 8
/** Of one text alone, and of each of several. */
const TOKENS = { alone: 64, together: 32 }
const ERROR_MAX = 0.15

interface Row {
  readonly rttMs: number
  readonly stages: number
  readonly streams: number
  readonly basis: string
  /** Tokens a second of all texts together. */
  readonly predicted: number
  readonly measured: number
}

interface Place {
  readonly requester: TestDaemon
  readonly spec: TextSpec
  readonly rttMs: number
  readonly stages: number
  readonly say: (text: string) => void
}

function errorOf({ predicted, measured }: Row): number {
  return measured / predicted - 1
}

function rowText(row: Row): string {
  const { rttMs, stages, streams, basis, predicted, measured } = row
  const columns = [
    `${rttMs} ms`.padStart(5),
    `${stages} stages`,
    `${streams} ${streams === 1 ? 'text ' : 'texts'}`,
    basis.padEnd(9),
    `predicted ${predicted.toFixed(1).padStart(6)}`,
    `measured ${measured.toFixed(1).padStart(6)}`,
    `${(100 * errorOf(row)).toFixed(0).padStart(4)} %`,
  ]
  return columns.join('  ')
}

async function write(place: Place, tokensMax: number): Promise<TextView> {
  const text = await writeText(place.requester, { ...place.spec, tokensMax })
  if (text.view.state !== 'done') throw new Error(endingOf(text))
  return text.view
}

/** The first text of a mesh, which says what it expects once its stages were tested. */
async function first(place: Place): Promise<Row> {
  const { rttMs, stages, requester, spec, say } = place
  let foreseen: string | undefined
  const view = await requester.api.write({ ...spec, tokensMax: TOKENS.alone }, async (event) => {
    if (event.type !== 'note' || !event.text.startsWith('its stages were tested')) return
    foreseen ??= event.text
    say(`${rttMs} ms, ${stages} stages: ${event.text}`)
  })
  const { predictedPerSecond: predicted = Number.NaN, tokensPerSecond: measured = Number.NaN } =
    view.times
  const basis = foreseen === undefined ? (view.plan?.predictedFrom ?? '') : 'tested'
  return { rttMs, stages, streams: 1, basis, predicted, measured }
}

/** Asks for the prediction, says it, and writes as many texts. */
async function foretold(place: Place, streams: number, basis: string): Promise<Row> {
  const { requester, spec, rttMs, stages, say } = place
  const { model, wire, objective } = spec
  const plan = await requester.api.post<PlanView>('/v1/plan', {
    model,
    wire,
    objective,
    stages,
    replicas: 1,
    atOnce: streams,
  })
  const predicted = plan.predictedPerSecond
  say(`${rttMs} ms, ${stages} stages, ${streams} at once: ${predicted.toFixed(1)} predicted`)
  const tokens = streams === 1 ? TOKENS.alone : TOKENS.together
  const views = await Promise.all(Array.from({ length: streams }, () => write(place, tokens)))
  const measured = views.reduce((sum, { times }) => sum + (times.tokensPerSecond ?? 0), 0)
  return { rttMs, stages, streams, basis, predicted, measured }
}

/** A mesh of its own for each length of link: nothing is known of it before. */
async function overLinks(rttMs: number, { say, signal }: ClaimContext): Promise<readonly Row[]> {
  await using shaped = new ShapedFleet(DAEMONS)
  const daemons = await shaped.start()
  const [requester] = daemons
  if (requester === undefined) throw new Error('no daemon')
  await shaped.fleet.formMesh('links')
  // Everyone has the tensors: how long they take to come is not what is asked here.
  let model = ''
  for (const daemon of daemons) {
    const added = await addSmolLm2(daemon)
    if (added === undefined) throw new Error(SMOLLM2_MISSING)
    model = added.id
  }
  shaped.shape({ delayMs: rttMs / 2, mbps: MBPS })
  const rows: Row[] = []
  for (const stages of STAGES) {
    if (signal.aborted) break
    const spec: TextSpec = {
      model,
      prompt: 'The sea was calm, and',
      stages,
      objective: 'throughput',
      wire: 'f32',
      speculation: 'off',
      ignoreStopTokens: true,
      hashLogits: false,
      sampling: { temperature: 0 },
    }
    const place = { requester, spec, rttMs, stages, say }
    rows.push(
      await first(place),
      await foretold(place, 1, 'measured'),
      await foretold(place, STREAMS, 'modelled'),
      await foretold(place, STREAMS, 'corrected'),
    )
  }
  return rows
}

function medianError(rows: readonly Row[]): number {
  const errors = rows.map((row) => Math.abs(errorOf(row))).toSorted((a, b) => a - b)
  const middle = errors.length / 2
  return ((errors[Math.ceil(middle) - 1] ?? Number.NaN) + (errors[Math.floor(middle)] ?? 0)) / 2
}

export const claim: Claim = {
  sentence: 'How quickly a text will come over slow links is said before, and is so.',
  goal: `links of ${ROUND_TRIPS_MS.join(', ')} ms and ${MBPS} Mbit/s, 1 and ${STREAMS} texts: median error ≤ ${100 * ERROR_MAX} %`,
  run: async (context): Promise<Verdict> => {
    const missing = shapingProblem() ?? (smolLm2File() === undefined ? SMOLLM2_MISSING : undefined)
    if (missing !== undefined) return { met: false, figure: `not shown here: ${missing}` }
    const rows: Row[] = []
    for (const rttMs of ROUND_TRIPS_MS) {
      if (!context.signal.aborted) rows.push(...(await overLinks(rttMs, context)))
    }
    for (const row of rows) context.say(rowText(row))
    const error = medianError(rows)
    const percent = (of: readonly Row[]): string => `${(100 * medianError(of)).toFixed(0)} %`
    const kinds = [...new Set(rows.map(({ basis, streams }) => `${streams} ${basis}`))]
    const each = kinds.map((kind) => {
      const of = rows.filter(({ basis, streams }) => `${streams} ${basis}` === kind)
      return `${kind} ${percent(of)}`
    })
    return {
      met: error <= ERROR_MAX,
      figure: `median error ${percent(rows)} of ${rows.length} predictions (${each.join(', ')})`,
      facts: { rows },
    }
  },
}
