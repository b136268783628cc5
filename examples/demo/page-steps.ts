/**
 * The steps of the demo that reads a page, each shown while it happens.
 *
 * @module
 */

import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { JobEvent, JobRecovery, JobView } from '../../node/api/schemas/jobs.ts'
import type { ModelSummary } from '../../node/api/schemas/models.ts'
import type { PlanView } from '../../node/api/schemas/plan.ts'
import { wordAccuracy, type WordAccuracy } from '../text-recognition/accuracy.ts'
import { drawQuads } from '../text-recognition/drawing.ts'
import { encodePng } from '../text-recognition/image.ts'
import { readAlphabet } from '../text-recognition/networks.ts'
import { type Page, readPage } from '../text-recognition/page.ts'
import { DemoError } from './errors.ts'
import { hopLines, planLines, settlementLines, stageLines } from './job-tables.ts'
import type { NetworkRun } from './mesh-inference.ts'
import { DEMO_MODELS } from './models.ts'
import { expectSameAnswer, type PageRun, readPageOverMesh } from './page-run.ts'
import { durationText } from './quantities.ts'
import { expectKilled, type KilledStage, StageKiller } from './stage-killer.ts'
import { importModel, showKill, showRecoveries, type Stage } from './steps.ts'

const WORK = { noun: 'lines', copies: true } as const

/** Imports the three networks on the first device. */
export async function importStep(stage: Stage): Promise<ModelSummary[]> {
  stage.screen.step(`${stage.fleet.first.label} imports three networks`)
  const models: ModelSummary[] = []
  for (const { import: request, purpose } of DEMO_MODELS) {
    models.push(await importModel(stage, request, purpose))
  }
  return models
}

/** Asks for a plan of each network and shows it. */
export async function planStep({ fleet, screen, labelOf }: Stage): Promise<PlanView[]> {
  screen.step(`${fleet.first.label} plans where each layer is to run`)
  const plans: PlanView[] = []
  for (const { layout, wish } of DEMO_MODELS) {
    const plan = await fleet.first.client.plan(layout)
    if (plans.length > 0) screen.say('')
    screen.say(`${plan.modelName}: ${wish}, as the demo asks`)
    screen.say(...planLines(plan, labelOf).map((line) => `  ${line}`))
    plans.push(plan)
  }
  screen.say(
    '',
    'this is for pages of usual size; each job is planned anew for the sizes of its inputs',
  )
  return plans
}

/** The page as it was read, how much of it was right, and the picture with boxes. */
export interface Reading {
  readonly run: PageRun
  readonly accuracy: WordAccuracy
  /** Path of the picture. */
  readonly picture: string
}

/** Reads the page over the mesh and shows what came of it. */
export async function readingStep(stage: Stage, outputDir: string): Promise<Reading> {
  const { screen } = stage
  screen.step('The devices read the page together')
  const page = await readPage()
  const run = await readPageOverMesh({
    client: stage.fleet.first.client,
    alphabet: await readAlphabet(),
    image: page.image,
    onEvent: (job, event) => showEvent(stage, job, event),
  })
  showNetworks(stage, run.networks)
  const picture = await savePicture(page, run, outputDir)
  const accuracy = wordAccuracy(
    page.lines,
    run.lines.map(({ text }) => text),
  )
  screen.say('what they read, and how sure they are', ...run.lines.map(lineText), '')
  screen.say(
    `${accuracy.found} of ${accuracy.expected} words right`,
    `the page with a box around each line: ${picture}`,
  )
  if (accuracy.missed.length === 0) return { run, accuracy, picture }
  throw new DemoError(
    { code: 'DEMO_TEXT_MISREAD', missed: accuracy.missed },
    `expected ${accuracy.expected} words, got ${accuracy.found}`,
  )
}

/** The second reading, the loss in the middle of it, and how it was made good. */
export interface Recovery {
  readonly run: PageRun
  readonly killed: KilledStage
  readonly recoveries: readonly JobRecovery[]
}

/** Reads the page again while a stage loses its process, and compares the answers. */
export async function killStep(stage: Stage, before: PageRun): Promise<Recovery> {
  const { screen, fleet } = stage
  screen.step('The same again, and a stage is killed in the middle')
  const { first, daemons } = fleet
  const killer = new StageKiller({
    devices: daemons,
    requester: first.peer,
  })
  await killer.prepare()
  const run = await readPageOverMesh({
    client: first.client,
    alphabet: await readAlphabet(),
    image: (await readPage()).image,
    onEvent: async (job, event) => {
      showEvent(stage, job, event)
      if (event.type !== 'progress' || job.modelName !== 'text-recognition') return
      const { inputsDone, inputsTotal } = event
      const killed = await killer.onProgress(
        inputsDone,
        inputsTotal,
        async () => (await first.client.job(job.id)).stages,
      )
      if (killed) showKill(stage, killed, WORK)
    },
  })
  const killed = expectKilled(killer)
  const hit = run.networks.filter(({ job }) => job.recoveries.length > 0)
  const recoveries = hit.flatMap(({ job }) => job.recoveries)
  showRecoveries(stage, recoveries, WORK)
  showNetworks(stage, hit)
  expectSameAnswer(before, run)
  screen.say(
    `first run   ${durationText(before.wallMs).padStart(6)}  SHA-256 of all outputs ${before.sha256}`,
    `second run  ${durationText(run.wallMs).padStart(6)}  SHA-256 of all outputs ${run.sha256}`,
    'the answer is the same, bit for bit',
  )
  return { run, killed, recoveries }
}

/** Shows how far a job is. What its plan has to say was shown with the plan. */
function showEvent({ screen, labelOf }: Stage, job: JobView, event: JobEvent): void {
  if (event.type === 'state') screen.progress(`${job.modelName}: ${event.state}`)
  if (event.type === 'progress') {
    screen.progress(`${job.modelName}: ${event.inputsDone} of ${event.inputsTotal} inputs`)
  }
  if (event.type === 'stage') {
    const { peer, index, state } = event.stage
    screen.progress(`${job.modelName}: stage ${index + 1} on ${labelOf(peer)} ${state}`)
  }
}

/** For each network: where its stages ran, and the time of each hop. */
function showNetworks({ screen, labelOf }: Stage, networks: readonly NetworkRun[]): void {
  for (const { job, wallMs } of networks) {
    const { inputsTotal } = job.progress
    const inputs = inputsTotal === 1 ? '1 input' : `${inputsTotal} inputs`
    screen.say(`${job.modelName}: ${inputs} in ${durationText(wallMs)}`)
    screen.say(...stageLines(job, labelOf).map((line) => `  ${line}`))
    screen.say(...hopLines(job).map((line) => `  ${line}`))
    screen.say(...settlementLines(job, labelOf).map((line) => `  ${line}`))
    screen.say('')
  }
}

/** The page with boxes around the lines that were read, as a PNG file; its path. */
async function savePicture(page: Page, run: PageRun, outputDir: string): Promise<string> {
  const quads = run.lines.map(({ quad }) => quad)
  const picture = path.resolve(outputDir, 'page-read.png')
  await mkdir(outputDir, { recursive: true })
  await writeFile(picture, encodePng(drawQuads(page.image, quads)))
  return picture
}

function lineText({ text, confidence }: PageRun['lines'][number], index: number): string {
  return `${String(index + 1).padStart(2)}  ${(confidence * 100).toFixed(0).padStart(3)} %  ${text}`
}
