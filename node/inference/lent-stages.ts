/**
 * Does what the governor decides with the stages that others have here.
 *
 * Giving back is a ladder: stages are told to leave and start no run, then their executors are
 * frozen, then they are told once more, then they are ended. What this device itself asked for is
 * no loan: its owner waits for it.
 *
 * @module
 */

import type { Logger } from '../../core/logger.ts'
import type { Decision, GiveBackStep, WorkHere } from '../harvest/index.ts'
import type { Lending } from './lending.ts'
import type { StageHost } from './stage-host.ts'
import type { LentResource, StagePool } from './stage-pool.ts'

export interface LentStagesComponents {
  readonly logger: Logger
  readonly host: StageHost
  readonly pool: StagePool
  readonly lending: Lending
}

/** From no step to the hardest. */
const STEPS: readonly GiveBackStep[] = ['none', 'yield', 'freeze', 'drain', 'kill']

export class LentStages {
  readonly #components: LentStagesComponents
  readonly #steps: Record<LentResource, GiveBackStep> = { cpu: 'none', gpu: 'none' }

  constructor(components: LentStagesComponents) {
    this.#components = components
  }

  /** What work of others does here right now. */
  work(): WorkHere {
    const { host } = this.#components
    const lent = host.stages.filter((stage) => stage.lent)
    return {
      cpu: this.#stateOf(
        'cpu',
        lent.some(({ resource }) => resource === 'cpu'),
      ),
      gpu: this.#stateOf(
        'gpu',
        lent.some(({ resource }) => resource === 'gpu'),
      ),
      interactive: lent.some(({ open }) => open.text !== undefined),
    }
  }

  #stateOf(resource: LentResource, has: boolean): WorkHere['cpu'] {
    if (!has) return 'none'
    const { level, running } = this.#components.lending.gate(resource)
    const frozen = STEPS.indexOf(this.#steps[resource]) >= STEPS.indexOf('freeze')
    return frozen || (level === 0 && running === 0) ? 'paused' : 'running'
  }

  /** Obeys `decision`. */
  apply(decision: Decision): void {
    const { levels, giveBack, release } = decision
    const { pool } = this.#components
    const why = decision.reasons.find(({ cap }) => cap === 0)?.code ?? 'OWNER'
    this.#applyTo('cpu', levels.cpu, giveBack.cpu.step, why)
    // A graphics processor computes for a process, which needs the processor too.
    const step = harder(giveBack.cpu.step, giveBack.gpu.step)
    this.#applyTo('gpu', Math.min(levels.cpu > 0 ? 1 : 0, levels.gpu), step, why)
    const { takesNew } = this.#components.lending
    // A stage that cannot fetch its tensors, nor be reached for free, is none.
    const promises = levels.lease > 0 && levels.network > 0
    takesNew.cpu &&= promises
    takesNew.gpu &&= promises
    if (release.memory) void pool.dropIdle('cpu')
    if (release.gpuMemory) void pool.dropIdle('gpu')
  }

  #applyTo(resource: LentResource, level: number, step: GiveBackStep, why: string): void {
    const { lending, pool, logger } = this.#components
    const lent = step === 'none' && level > 0
    lending.takesNew[resource] = lent
    lending.gate(resource).set(lent ? level : 0)
    const before = this.#steps[resource]
    this.#steps[resource] = step
    if (lent && before !== 'none') pool.thaw(resource)
    if (step === before) return
    logger.info('giving back', { resource, step, why })
    this.#take(resource, step, why)
  }

  #take(resource: LentResource, step: GiveBackStep, why: string): void {
    const { host, pool } = this.#components
    switch (step) {
      case 'none':
        return
      case 'yield':
        host.recall(resource, why)
        return
      case 'freeze':
        // What loaded when the first word went out, or came by before, has not heard it.
        host.recall(resource, why)
        pool.freezeLent(resource)
        return
      case 'drain':
        host.recall(resource, why)
        pool.freezeLent(resource)
        return
      case 'kill':
        void pool.dropLent(resource)
    }
  }
}

function harder(one: GiveBackStep, other: GiveBackStep): GiveBackStep {
  return STEPS.indexOf(one) > STEPS.indexOf(other) ? one : other
}
