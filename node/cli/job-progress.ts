/**
 * Shows a job while it runs: one line a stage, and one for the whole.
 *
 * @module
 */

import type { JobEvent, JobStage } from '../api/schemas/jobs.ts'
import { barText, ProgressLines } from './progress.ts'
import { msText } from './quantity-text.ts'
import type { Terminal } from './terminal.ts'

export class JobProgress {
  readonly #lines: ProgressLines
  readonly #terminal: Terminal
  readonly #stages = new Map<string, JobStage>()
  #state = 'queued'
  #done = 0
  #total: number
  #saidTenths = 0

  /** @param total - Inputs of the job. */
  constructor(terminal: Terminal, total: number) {
    this.#terminal = terminal
    this.#lines = new ProgressLines(terminal)
    this.#total = total
  }

  /** Takes what happened at `nowMs` on a monotonic clock. */
  take(event: JobEvent, nowMs: number): void {
    switch (event.type) {
      case 'state':
        this.#state = event.state
        if (!this.#lines.live) this.#terminal.note(`job ${event.state}`)
        break
      case 'stage':
        this.#onStage(event.stage)
        break
      case 'progress':
        this.#onProgress(event.inputsDone, event.inputsTotal)
        break
      case 'recovery': {
        const { stage, ms, code } = event.recovery
        const text = `stage ${stage} was lost (${code}), replaced in ${msText(ms)}`
        this.#lines.say(this.#terminal.paint('yellow', text, this.#terminal.stderr))
        break
      }
      case 'note':
        this.#lines.say(`note: ${event.text}`)
        break
      default:
        // Plans and ends are told by the report.
        break
    }
    this.#lines.show(this.#drawn(), nowMs)
  }

  /** Leaves the last state on the screen. */
  finish(): void {
    this.#lines.finish()
  }

  #onStage(stage: JobStage): void {
    const key = `${stage.replica}/${stage.index}`
    const before = this.#stages.get(key)
    this.#stages.set(key, stage)
    const moved = before?.state !== stage.state || before.peer !== stage.peer
    if (moved && !this.#lines.live) this.#terminal.note(this.#stageText(stage))
  }

  #onProgress(done: number, total: number): void {
    this.#done = done
    this.#total = total
    const tenths = total === 0 ? 10 : Math.floor((10 * done) / total)
    if (tenths > this.#saidTenths && !this.#lines.live) {
      this.#saidTenths = tenths
      this.#terminal.note(`inputs ${done}/${total}`)
    }
  }

  #drawn(): string[] {
    const stages = [...this.#stages.values()].toSorted(
      (a, b) => a.replica - b.replica || a.index - b.index,
    )
    const replicas = new Set(stages.map((stage) => stage.replica)).size
    const share = Math.ceil(this.#total / Math.max(1, replicas))
    return [
      ...stages.map((stage) => `${this.#stageText(stage)}  ${barText(stage.steps, share)}`),
      `${this.#state.padEnd(8)} inputs ${this.#done}/${this.#total}  ${barText(this.#done, this.#total)}`,
    ]
  }

  #stageText({ replica, index, name, fromLayer, toLayer, provider, state, computeMs }: JobStage) {
    const several = [...this.#stages.values()].some((stage) => stage.replica > 0)
    const place = several ? `replica ${replica} stage ${index}` : `stage ${index}`
    const time = computeMs === undefined ? '' : `  ${msText(computeMs)}`
    return `${place}  ${name}  layers ${fromLayer}–${toLayer - 1}  ${provider}  ${stateText(state)}${time}`
  }
}

/** A stage that was closed has done its work. */
function stateText(state: JobStage['state']): string {
  return state === 'closed' ? 'done' : state
}
