/**
 * `brume run`: runs a model on inputs, shows how it goes, and prints what came of it.
 *
 * @module
 */

import type { Command } from 'commander'
import type { JobEvent, JobView } from '../../api/schemas/jobs.ts'
import type { ModelDetail } from '../../api/schemas/models.ts'
import { tensorsToJson } from '../../api/tensor-base64.ts'
import type { ApiClient } from '../api-client.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { readInputs } from '../input-files.ts'
import { JobProgress } from '../job-progress.ts'
import { jobReport } from '../job-report.ts'
import { jobResults } from '../job-results.ts'
import {
  addPlacementOptions,
  collected,
  duration,
  type PlacementOptions,
  placementRequest,
} from '../option-values.ts'
import { shortId } from '../quantity-text.ts'
import { workFailure } from '../work-failure.ts'

interface RunOptions extends PlacementOptions {
  readonly input: readonly string[]
  readonly output?: string
  readonly deadline?: number
  readonly detach?: boolean
}

export function addRun(program: Command, cli: Cli): void {
  const command = program
    .command('run')
    .description('run a model on inputs')
    .argument('<model>', 'id or name of a model')
    .requiredOption(
      '--input <file...>',
      'FILE.npy, NAME=FILE.npy where there are several inputs, or FILE.json',
      collected,
    )
    .option('--output <dir>', 'write each output as .npy into this folder')
    .option('--deadline <time>', 'give up after this time, such as 30s', duration)
    .option('--detach', 'print the id of the job and do not wait for it')
  addPlacementOptions(command).action((model: string, options: RunOptions) =>
    run(cli, model, options),
  )
}

async function run(cli: Cli, model: string, options: RunOptions): Promise<void> {
  const client = await cli.client()
  const request = await jobRequest(cli, client, { model, options })
  const submitted = await client.post<JobView>('/v1/jobs', request)
  if (options.detach === true) {
    cli.print({ job: submitted }, () => submitted.id)
    return
  }
  const job = await followJob(cli, client, submitted)
  const { files = [], outputs = [] } = await jobResults(cli, client, {
    job,
    output: options.output,
  })
  cli.print({ job, files }, () => jobReport(job, { files, outputs, width: cli.width }))
  if (files.length === 0 && cli.options.json !== true) {
    cli.terminal.note(`whole outputs as files: brume job show ${shortId(job.id)} --output DIR`)
  }
}

async function jobRequest(
  cli: Cli,
  client: ApiClient,
  { model, options }: { readonly model: string; readonly options: RunOptions },
): Promise<object> {
  const inputs = await readInputs(options.input, {
    workingDir: cli.surroundings.workingDir,
    inputNames: async () => {
      const { inputs: specs } = await client.get<ModelDetail>(
        `/v1/models/${encodeURIComponent(model)}`,
      )
      return specs.map((spec) => spec.name)
    },
  })
  const { deadline } = options
  return {
    model,
    inputs: inputs.map((tensors) => tensorsToJson(tensors)),
    ...placementRequest(options),
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
  }
}

/** The job once it is done. The first request to stop cancels it. */
async function followJob(cli: Cli, client: ApiClient, submitted: JobView): Promise<JobView> {
  const { id, progress: at } = submitted
  const progress = new JobProgress(cli.terminal, at.inputsTotal)
  return cli.interruptible(async (signal) => {
    try {
      for await (const event of client.events<JobEvent>(`/v1/jobs/${id}/events`, signal)) {
        progress.take(event, performance.now())
        const done = outcome(event, id)
        if (done !== undefined) return done
      }
      throw new CliError({ code: 'CLI_RESPONSE_INVALID', path: `/v1/jobs/${id}/events` })
    } finally {
      progress.finish()
      if (signal.aborted) {
        await client.delete(`/v1/jobs/${id}`)
        cli.terminal.note(`cancelled job ${shortId(id)}`)
      }
    }
  })
}

function outcome(event: JobEvent, id: string): JobView | undefined {
  switch (event.type) {
    case 'done':
      return event.job
    case 'failed':
      throw workFailure(event.error)
    case 'cancelled':
      throw new CliError({ code: 'CLI_CANCELLED', what: `job ${shortId(id)}` })
    default:
      return undefined
  }
}
