/**
 * Kills the process of one stage in the middle of a job or a text, as a crash or an owner would.
 *
 * @module
 */

import type { JobStage } from '../../node/api/schemas/jobs.ts'
import type { DemoDaemon } from './demo-daemon.ts'
import { DemoError } from './errors.ts'
import { childrenOf } from './process-table.ts'

/** A stage that was killed, and when. */
export interface KilledStage {
  readonly stage: JobStage
  readonly label: string
  readonly pid: number
  /** Inputs or tokens that were done, of how many. */
  readonly done: number
  readonly total: number
}

/** Entry of an executor's process, as its command line names it. */
const EXECUTOR = 'executor-main'

/** Share of the work that is done when the stage is killed. */
const KILL_AT = 1 / 3

export interface StageKillerInit {
  /** The devices whose processes it may kill. */
  readonly devices: readonly Pick<DemoDaemon, 'label' | 'peer' | 'pid'>[]
  /** PeerId of the device that asked for the work. */
  readonly requester: string
}

/** Watches one job or text and kills a stage of it once a third is done. */
export class StageKiller {
  readonly #init: StageKillerInit
  readonly #cpuBefore = new Map<number, number>()
  #killed: KilledStage | undefined

  constructor(init: StageKillerInit) {
    this.#init = init
  }

  /** What was killed; undefined before. */
  get killed(): KilledStage | undefined {
    return this.#killed
  }

  /** Notes how long each executor has computed so far: the busiest since then runs the stage. */
  async prepare(): Promise<void> {
    for (const device of this.#init.devices) {
      for (const child of await childrenOf(device.pid)) {
        this.#cpuBefore.set(child.pid, child.cpuMs)
      }
    }
  }

  /**
   * Takes how far the work is; kills when the time has come, once.
   *
   * @param readStages - Where the stages run now, asked for only then.
   * @returns What was killed just now.
   */
  async onProgress(
    done: number,
    total: number,
    readStages: () => Promise<readonly JobStage[]>,
  ): Promise<KilledStage | undefined> {
    if (this.#killed || done < total * KILL_AT || done >= total) return undefined
    const { stage, device } = this.#choose(await readStages())
    const pid = await this.#busiest(device.pid)
    process.kill(pid, 'SIGKILL')
    this.#killed = { stage, label: device.label, pid, done, total }
    return this.#killed
  }

  /**
   * The last stage of the copy that has done least, as one that has done its share would not be
   * missed; and rather not on the submitter itself: the farther away, the better.
   */
  #choose(stages: readonly JobStage[]): {
    stage: JobStage
    device: StageKillerInit['devices'][number]
  } {
    const { devices, requester } = this.#init
    const [stage] = stages
      .filter(({ state }) => state === 'running' || state === 'ready')
      .toSorted(
        (a, b) =>
          Number(a.peer === requester) - Number(b.peer === requester) ||
          b.index - a.index ||
          a.steps - b.steps,
      )
    const device = devices.find(({ peer }) => peer === stage?.peer)
    if (stage && device) return { stage, device }
    throw notKilled('expected a stage that runs, got none')
  }

  /** The executor of the daemon `parent` that has computed most since {@link StageKiller.prepare}. */
  async #busiest(parent: number): Promise<number> {
    const children = await childrenOf(parent)
    const [busiest] = children
      .filter(({ command }) => command.includes(EXECUTOR))
      .map(({ pid, cpuMs }) => ({ pid, newMs: cpuMs - (this.#cpuBefore.get(pid) ?? 0) }))
      .toSorted((a, b) => b.newMs - a.newMs)
    if (busiest) return busiest.pid
    throw notKilled(`expected executors of process ${parent}, got none`)
  }
}

/** The killed stage. @throws {DemoError} DEMO_STAGE_NOT_KILLED when the work was over too soon. */
export function expectKilled({ killed }: StageKiller): KilledStage {
  if (killed) return killed
  throw notKilled('expected the work to last long enough to kill a stage, it did not')
}

function notKilled(problem: string): DemoError {
  return new DemoError({ code: 'DEMO_STAGE_NOT_KILLED', problem }, problem)
}
