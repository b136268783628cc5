/**
 * Shows a job while it runs: one line a stage, and one for the whole.
 *
 * @module
 */

import type { JobEvent, JobStage } from '../api/schemas/jobs.ts'
import { barText, ProgressLines } from './progress.ts'
import { recoveryText, stageText } from './stage-text.ts'
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
        const text = recoveryText(event.recovery)
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
    if (moved && !this.#lines.live)
      this.#terminal.note(`${this.#place(stage)}  ${stageText(stage)}`)
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
    // Bars stand before what varies in width: they line up, and a narrow terminal cuts the rest.
    const lines = stages.map((stage) => [
      this.#place(stage),
      barText(stage.steps, share),
      stageText(stage),
    ])
    const whole = `${this.#state}  ${this.#done} of ${this.#total}`
    const all = [...lines, ['inputs', barText(this.#done, this.#total), whole]]
    const width = Math.max(...all.map(([place = '']) => place.length))
    return all.map(([place = '', ...rest]) => [place.padEnd(width), ...rest].join('  '))
  }

  /** `stage 1`, with its replica where there are several. */
  #place({ replica, index }: JobStage): string {
    const several = [...this.#stages.values()].some((stage) => stage.replica > 0)
    return several ? `replica ${replica} stage ${index}` : `stage ${index}`
  }
}
