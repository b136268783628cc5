/**
 * Kills the process of one stage in the middle of a job, as a crash or an owner would.
 *
 * @module
 */

import type { JobEvent, JobStage, JobView } from '../../node/api/schemas/jobs.ts'
import type { DemoDaemon } from './demo-daemon.ts'
import { DemoError } from './errors.ts'
import type { Fleet } from './fleet.ts'
import { childrenOf } from './process-table.ts'

/** A stage that was killed, and when. */
export interface KilledStage {
  readonly stage: JobStage
  readonly label: string
  readonly pid: number
  /** Inputs that were done, of how many. */
  readonly inputsDone: number
  readonly inputsTotal: number
}

/** Entry of an executor's process, as its command line names it. */
const EXECUTOR = 'executor-main'

/** Share of the inputs that is done when the stage is killed. */
const KILL_AT = 1 / 3

/** Watches one job and kills a stage of it once a third of its inputs is done. */
export class StageKiller {
  readonly #fleet: Fleet
  readonly #modelName: string
  readonly #cpuBefore = new Map<number, number>()
  #killed: KilledStage | undefined

  /** @param modelName - The model whose job loses a stage. */
  constructor(fleet: Fleet, modelName: string) {
    this.#fleet = fleet
    this.#modelName = modelName
  }

  /** What was killed; undefined before. */
  get killed(): KilledStage | undefined {
    return this.#killed
  }

  /** Notes how long each executor has computed so far: the busiest since then runs the stage. */
  async prepare(): Promise<void> {
    for (const daemon of this.#fleet.daemons) {
      for (const child of await childrenOf(daemon.pid)) {
        this.#cpuBefore.set(child.pid, child.cpuMs)
      }
    }
  }

  /** Takes an event of a job; kills when the time has come, once. */
  async onEvent(job: JobView, event: JobEvent): Promise<void> {
    if (this.#killed || event.type !== 'progress' || job.modelName !== this.#modelName) return
    const { inputsDone, inputsTotal } = event
    if (inputsDone < inputsTotal * KILL_AT || inputsDone >= inputsTotal) return
    const { stages } = await this.#fleet.first.client.job(job.id)
    const { stage, daemon } = this.#choose(stages)
    const pid = await this.#busiest(daemon)
    process.kill(pid, 'SIGKILL')
    this.#killed = { stage, label: daemon.label, pid, inputsDone, inputsTotal }
  }

  /** The last stage of a copy that does not run on the submitter itself: the farther away, the better. */
  #choose(stages: readonly JobStage[]): { stage: JobStage; daemon: DemoDaemon } {
    const { first, daemons } = this.#fleet
    const [stage] = stages
      .filter(({ state }) => state === 'running' || state === 'ready')
      .toSorted(
        (a, b) =>
          Number(a.peer === first.peer) - Number(b.peer === first.peer) || b.index - a.index,
      )
    const daemon = daemons.find(({ peer }) => peer === stage?.peer)
    if (stage && daemon) return { stage, daemon }
    throw notKilled('expected a stage that runs, got none')
  }

  async #busiest(daemon: DemoDaemon): Promise<number> {
    const executors = (await childrenOf(daemon.pid)).filter((child) =>
      child.command.includes(EXECUTOR),
    )
    const [busiest] = executors
      .map(({ pid, cpuMs }) => ({ pid, newMs: cpuMs - (this.#cpuBefore.get(pid) ?? 0) }))
      .toSorted((a, b) => b.newMs - a.newMs)
    if (busiest) return busiest.pid
    throw notKilled(`expected executors of daemon ${daemon.label}, got none`)
  }
}

/** The killed stage. @throws {DemoError} DEMO_STAGE_NOT_KILLED when the job was over too soon. */
export function expectKilled({ killed }: StageKiller): KilledStage {
  if (killed) return killed
  throw notKilled('expected the job to last long enough to kill a stage, it did not')
}

function notKilled(problem: string): DemoError {
  return new DemoError({ code: 'DEMO_STAGE_NOT_KILLED', problem }, problem)
}
