/**
 * Waits for an operation of the daemon, shows how far it is, and stops it when the owner says so.
 *
 * @module
 */

import type { ModelSummary } from '../api/schemas/models.ts'
import type { OperationEvent, OperationProgress, OperationRef } from '../api/schemas/operations.ts'
import { type ApiClient, RemoteProblem } from './api-client.ts'
import type { Cli } from './cli.ts'
import { CliError } from './errors.ts'
import { modelSummaryLine } from './model-report.ts'
import { barText, ProgressLines } from './progress.ts'
import { bytesText } from './quantity-text.ts'
import type { Terminal } from './terminal.ts'

/** Starts an operation, follows it to its end, and prints the model that it was about. */
export async function operate(
  cli: Cli,
  verb: string,
  begin: (client: ApiClient) => Promise<OperationRef>,
): Promise<void> {
  const client = await cli.client()
  const { operation } = await begin(client)
  const model = await followOperation(cli, client, operation)
  cli.print({ model: model ?? null }, () => `${verb}${resultText(model)}`)
}

function resultText(model: ModelSummary | undefined): string {
  return model === undefined ? '' : ` ${modelSummaryLine(model)}`
}

/**
 * The model that the operation is about, once it is done.
 *
 * @throws {RemoteProblem} when it fails; {@link CliError} `CLI_CANCELLED`; `Interrupted`.
 */
async function followOperation(
  cli: Cli,
  client: ApiClient,
  operation: string,
): Promise<ModelSummary | undefined> {
  const progress = new StepProgress(cli.terminal)
  return cli.interruptible(async (signal) => {
    try {
      const events = client.events<OperationEvent>(`/v1/operations/${operation}/events`, signal)
      for await (const event of events) {
        const outcome = take(progress, event)
        if (outcome !== undefined) return outcome.result
      }
      throw new CliError({ code: 'CLI_RESPONSE_INVALID', path: `/v1/operations/${operation}` })
    } finally {
      progress.finish()
      // Half an import is of no use to anyone.
      if (signal.aborted) await client.delete(`/v1/operations/${operation}`)
    }
  })
}

interface Outcome {
  readonly result: ModelSummary | undefined
}

/** One line a step, with a bar where it can be redrawn; elsewhere a line when a step begins. */
class StepProgress {
  readonly #terminal: Terminal
  readonly #lines: ProgressLines
  readonly #steps = new Map<string, OperationProgress>()

  constructor(terminal: Terminal) {
    this.#terminal = terminal
    this.#lines = new ProgressLines(terminal)
  }

  take(progress: OperationProgress, nowMs: number): void {
    if (!this.#steps.has(progress.step) && !this.#lines.live) this.#terminal.note(progress.step)
    this.#steps.set(progress.step, progress)
    const width = Math.max(...[...this.#steps.keys()].map((step) => step.length))
    this.#lines.show(
      [...this.#steps.values()].map((step) => progressText(step, width)),
      nowMs,
    )
  }

  say(line: string): void {
    this.#lines.say(line)
  }

  finish(): void {
    this.#lines.finish()
  }
}

function take(progress: StepProgress, event: OperationEvent): Outcome | undefined {
  switch (event.type) {
    case 'progress':
      progress.take(event, performance.now())
      return undefined
    case 'note':
      progress.say(`note: ${event.text}`)
      return undefined
    case 'done':
      return { result: event.result }
    case 'failed':
      throw new RemoteProblem(event.error)
    case 'cancelled':
      throw new CliError({ code: 'CLI_CANCELLED', what: 'the operation' })
  }
}

function progressText({ step, done, total, unit }: OperationProgress, width: number): string {
  const text = (value: number): string => (unit === 'bytes' ? bytesText(value) : String(value))
  const of = total === 0 ? text(done) : `${text(done)} of ${text(total)}`
  return `${step.padEnd(width)} ${barText(done, total)}  ${of}${unit === 'bytes' ? '' : ` ${unit}`}`
}
