/**
 * A hundred runs, in each of which a stage or its whole device is killed at a random moment.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import type { JobView } from '../../node/api/schemas/jobs.ts'
import { delay, until } from '../../test/fixtures/delay.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { killNow } from '../../test/fixtures/processes.ts'
import type { Claim } from '../claim.ts'
import { addNetwork, type Network } from '../../test/fixtures/sample-models.ts'

const RUNS = 100
const DAEMONS = 5
const STAGES = 3
/** Enough that a run lasts longer than the latest kill. */
const INPUTS = 12
const SEED = 11
/** One kill in four takes the daemon with it. */
const DAEMON_SHARE = 0.25

interface Kill {
  readonly what: 'stage' | 'daemon'
  /** Undefined when the job was over before. */
  readonly victim: TestDaemon | undefined
}

/** What all runs have in common. */
interface Siege {
  readonly fleet: DaemonFleet
  readonly requester: TestDaemon
  readonly network: Network
  /** The hashes of the right answers. */
  readonly expected: string
  readonly random: SeededRandom
}

/** Kills one holder of a stage at a random moment of the run, if it is still going on then. */
async function strike({ fleet, requester, random }: Siege, job: string): Promise<Kill> {
  const what = random.fraction() < DAEMON_SHARE ? 'daemon' : 'stage'
  const afterMs = random.fraction() * 400
  const running = await until('the job runs', 60_000, async () => {
    const view = await requester.api.get<JobView>(`/v1/jobs/${job}`)
    return ['running', 'done', 'failed', 'cancelled'].includes(view.state) ? view : undefined
  })
  await delay(afterMs)
  const holders = fleet.daemons.filter(
    (daemon) =>
      daemon !== requester && running.stages.some(({ peer }) => peer === daemon.status.peer),
  )
  const victim = holders[random.uint32() % Math.max(1, holders.length)]
  if (running.state !== 'running' || victim === undefined) return { what, victim: undefined }
  if (what === 'daemon') await victim.kill()
  else for (const pid of victim.executorPids()) killNow(pid)
  return { what, victim }
}

interface Outcome {
  readonly right: boolean
  readonly recoveriesMs: readonly number[]
  readonly kill: Kill
  /** How the job ended, when it was not right. */
  readonly ending: string
}

async function attempt(siege: Siege): Promise<Outcome> {
  const { requester, network } = siege
  const inputs = Array.from({ length: INPUTS }, (_, seed) => network.input(seed))
  const spec = { model: network.id, inputs, stages: STAGES, replicas: 1, wire: 'f32' as const }
  const { id } = await requester.api.post<JobView>('/v1/jobs', spec)
  const kill = await strike(siege, id)
  const job = await until('the job ends', 120_000, async () => {
    const view = await requester.api.get<JobView>(`/v1/jobs/${id}`)
    return ['done', 'failed', 'cancelled'].includes(view.state) ? view : undefined
  })
  return {
    right: job.state === 'done' && hashesOf(job) === siege.expected,
    recoveriesMs: job.recoveries.map(({ ms }) => ms),
    kill,
    ending: endingOf(job),
  }
}

/** What a person needs to find out why: state, failure and what was replaced before. */
function endingOf({ id, state, error, recoveries }: JobView): string {
  const codes = recoveries.map(({ stage, code }) => `${stage} ${code}`).join(', ')
  return `job ${id} ${state} ${error?.code ?? ''} ${error?.detail ?? ''}, replaced: ${codes || 'none'}`
}

function hashesOf({ outputs }: JobView): string {
  return outputs.map(({ sha256 }) => sha256).join(' ')
}

function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN
}

export const claim: Claim = {
  sentence: 'A stage or a whole device killed in the middle of a run never changes the answer.',
  goal: `${RUNS} right answers of ${RUNS}`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('kills')
    const network = await addNetwork(requester.api, 'rec')
    const inputs = Array.from({ length: INPUTS }, (_, seed) => network.input(seed))
    const whole = await requester.api.runJob({ model: network.id, inputs, stages: 1, wire: 'f32' })
    const expected = hashesOf(whole)
    say(`${DAEMONS} daemons, ${STAGES} stages, ${INPUTS} inputs a run; seed ${SEED}`)

    const random = SeededRandom.fromInteger(SEED)
    const siege: Siege = { fleet, requester, network, expected, random }
    const outcomes: Outcome[] = []
    while (outcomes.length < RUNS && !signal.aborted) {
      const outcome = await attempt(siege)
      outcomes.push(outcome)
      if (!outcome.right)
        say(
          `run ${outcomes.length}: WRONG after a ${outcome.kill.what} was killed: ${outcome.ending}`,
        )
      const { victim } = outcome.kill
      if (outcome.kill.what === 'daemon' && victim !== undefined) {
        await fleet.start(victim.name)
        await fleet.awaitPeers(DAEMONS, 60_000)
      }
      if (outcomes.length % 10 === 0) say(`${outcomes.length} runs`)
    }
    const right = outcomes.filter((outcome) => outcome.right).length
    const struck = outcomes.filter(({ kill }) => kill.victim !== undefined)
    const daemons = struck.filter(({ kill }) => kill.what === 'daemon').length
    const recoveries = outcomes.flatMap(({ recoveriesMs }) => recoveriesMs)
    const p50 = percentile(recoveries, 0.5)
    const p95 = percentile(recoveries, 0.95)
    say(
      `${struck.length} kills in time, ${daemons} of them of a daemon; ${recoveries.length} recoveries`,
    )
    return {
      met: right === RUNS,
      figure: `${right} of ${RUNS} right, ${struck.length} struck; recovery p50 ${p50.toFixed(0)} ms, p95 ${p95.toFixed(0)} ms`,
      facts: { right, runs: outcomes.length, struck: struck.length, daemons, p50, p95 },
    }
  },
}
