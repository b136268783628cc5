/**
 * Shows a text while it is written: what is expected and its stages until the first word, then the words.
 *
 * @module
 */

import type { JobStage } from '../api/schemas/jobs.ts'
import type { TextEventView } from '../api/schemas/texts.ts'
import { textPrediction } from './prediction-text.ts'
import { ProgressLines } from './progress.ts'
import { recoveryText, stageText } from './stage-text.ts'
import type { Terminal } from './terminal.ts'

export interface TextProgressInit {
  /** True when the words themselves go to stdout as they come. */
  readonly words: boolean
  /** False when nothing but lost stages is told beside them. */
  readonly stages: boolean
}

export class TextProgress {
  readonly #terminal: Terminal
  readonly #init: TextProgressInit
  readonly #lines: ProgressLines
  readonly #stages = new Map<number, JobStage>()
  #begun = false
  /** True while the last line of words has no end. */
  #open = false

  constructor(terminal: Terminal, init: TextProgressInit) {
    this.#terminal = terminal
    this.#init = init
    this.#lines = new ProgressLines(terminal)
  }

  /** Takes what happened at `nowMs` on a monotonic clock. */
  take(event: TextEventView, nowMs: number): void {
    switch (event.type) {
      case 'plan':
        if (this.#init.stages) this.#say(textPrediction(event.plan))
        break
      case 'stage':
        if (this.#init.stages) this.#onStage(event.stage)
        else if (event.stage.state === 'waiting') this.#say(placed(event.stage))
        break
      case 'tokens':
        this.#onWords(event.text)
        break
      case 'recovery':
        this.#say(
          this.#terminal.paint('yellow', recoveryText(event.recovery), this.#terminal.stderr),
        )
        break
      case 'note':
        if (this.#init.stages) this.#say(`note: ${event.text}`)
        break
      default:
        // States show in the stages; ends are told by the report.
        break
    }
    if (!this.#begun && this.#init.stages) this.#lines.show(this.#drawn(), nowMs)
  }

  /** Ends the last line of words. */
  finish(): void {
    if (!this.#begun) this.#lines.finish()
    if (this.#open) this.#terminal.piece('\n')
    this.#open = false
  }

  /** Once there are words, only losses of stages are told. */
  #onStage(stage: JobStage): void {
    const before = this.#stages.get(stage.index)
    this.#stages.set(stage.index, stage)
    const moved = before?.state !== stage.state || before.peer !== stage.peer
    if (moved && !this.#begun && !this.#lines.live) this.#terminal.note(placed(stage))
  }

  #onWords(text: string): void {
    if (!this.#begun) this.#lines.finish()
    this.#begun = true
    if (!this.#init.words || text === '') return
    this.#terminal.piece(text)
    this.#open = !text.endsWith('\n')
  }

  #say(line: string): void {
    const { stdout, stderr } = this.#terminal
    // Words and notes share a screen: a note begins a line of its own, and the words are not touched.
    if (this.#open && stdout.isTTY === true && stderr.isTTY === true) stderr.write('\n')
    this.#lines.say(line)
  }

  #drawn(): string[] {
    return [...this.#stages.values()].toSorted((a, b) => a.index - b.index).map(placed)
  }
}

function placed(stage: JobStage): string {
  return `stage ${stage.index}  ${stageText(stage)}`
}
