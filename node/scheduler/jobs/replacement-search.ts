/**
 * Who takes over a stage that a job lost, with what the job has learnt of its devices.
 *
 * @module
 */

import { errorCode } from '../../../core/errors.ts'
import type { PeerId } from '../../../core/ids.ts'
import type { Logger } from '../../../core/logger.ts'
import type { InferenceCode } from '../../../protocols/inference/index.ts'
import type { PlanStage } from '../placement/plan.ts'
import type { Planned, Planner } from './planner.ts'

export interface ReplacementSearchComponents {
  readonly logger: Logger
  readonly planner: Pick<Planner, 'qualify' | 'replacement' | 'noteLost' | 'forgive'>
  readonly nameOf: (peer: PeerId) => string
  /** Devices that this one is connected to, itself included. */
  reachable(peer: PeerId): boolean
}

/** A stage that was lost, or will be. */
export interface LostStage {
  readonly stage: number
  /** Who held it so far, the latest last. */
  readonly excluded: readonly PeerId[]
  readonly code: InferenceCode
}

/** Reasons for which a device that is still there would refuse, or fail, the same stage again. */
const LASTING: ReadonlySet<InferenceCode> = new Set([
  'INFERENCE_CLASS_OTHER',
  'INFERENCE_COMPLAINT_UNFOUNDED',
  'INFERENCE_OPEN_REFUSED',
  'INFERENCE_SELF_TEST_FAILED',
  'INFERENCE_STAGE_LEAVING',
  'INFERENCE_TOO_LARGE',
])

/** The same when it is the second time: one complaint proves nothing, and memory may be free again. */
const LASTING_TWICE: ReadonlySet<InferenceCode> = new Set([
  'INFERENCE_CUT_INVALID',
  'INFERENCE_MEMORY',
])

export class ReplacementSearch {
  readonly #components: ReplacementSearchComponents
  /** Devices that would refuse a stage again. */
  readonly #refused = new Set<PeerId>()
  /** Of each stage, devices that compute it in another class than it was begun in. */
  readonly #ofOtherClass = new Map<number, Set<PeerId>>()
  /** Devices that gave one of those reasons once. */
  readonly #once = new Map<InferenceCode, Set<PeerId>>()

  constructor(components: ReplacementSearchComponents) {
    this.#components = components
  }

  /** The device that takes over, or undefined when there is nobody. Never throws. */
  async find(
    planned: Planned,
    stages: readonly PlanStage[],
    { stage, excluded, code }: LostStage,
  ): Promise<PeerId | undefined> {
    const { planner, logger } = this.#components
    const latest = excluded.at(-1)
    if (latest !== undefined) {
      if (this.#isLasting(latest, code)) this.#refused.add(latest)
      if (code === 'INFERENCE_CLASS_OTHER') this.#othersOf(stage).add(latest)
      planner.noteLost({ model: planned.model.id, peer: latest, code })
    }
    const again = excluded.filter(
      (peer) => this.#components.reachable(peer) && !this.#refused.has(peer),
    )
    try {
      // Who came since the plan was made was not asked for evidence yet.
      await planner.qualify({ tier: planned.request.tierMin })
      const ofOtherClass = [...this.#othersOf(stage)]
      const place = { stages, stageIndex: stage, excluded, again, ofOtherClass }
      return planner.replacement(planned, place)
    } catch (error) {
      // Nobody is found: the session fails with the reason for which it lost the stage.
      logger.warn('no replacement', { code: errorCode(error) })
      return undefined
    }
  }

  /** What a device was replaced for turned out to be no fault of its own. Returns it in words. */
  clear(peer: PeerId): string {
    this.#once.get('INFERENCE_CUT_INVALID')?.delete(peer)
    this.#refused.delete(peer)
    this.#components.planner.forgive(peer)
    return `${this.#components.nameOf(peer)} was replaced, but is not to blame`
  }

  #othersOf(stage: number): Set<PeerId> {
    const others = this.#ofOtherClass.get(stage) ?? new Set()
    this.#ofOtherClass.set(stage, others)
    return others
  }

  #isLasting(peer: PeerId, code: InferenceCode): boolean {
    if (!LASTING_TWICE.has(code)) return LASTING.has(code)
    const before = this.#once.get(code) ?? new Set()
    const isSecond = before.has(peer)
    this.#once.set(code, before.add(peer))
    return isSecond
  }

  /** A device that could hold a stage beside its holder, or undefined when there is none. Never throws. */
  async spare(
    planned: Planned,
    stages: readonly PlanStage[],
    stage: number,
  ): Promise<PeerId | undefined> {
    const { planner, logger } = this.#components
    const excluded = [...this.#refused, ...stages.slice(stage, stage + 1).map(({ peer }) => peer)]
    try {
      await planner.qualify({ tier: planned.request.tierMin })
      // One of another class would be of no use as long as there is anybody else.
      const ofOtherClass = [...this.#othersOf(stage)]
      const place = {
        stages,
        stageIndex: stage,
        excluded,
        again: [],
        anyClass: false,
        ofOtherClass,
      }
      return planner.replacement(planned, place)
    } catch (error) {
      logger.debug('nobody stands by', { stage, code: errorCode(error) })
      return undefined
    }
  }
}
