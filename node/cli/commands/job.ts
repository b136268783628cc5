/**
 * `brume job list`, `show` and `cancel`.
 *
 * @module
 */

import type { Command } from 'commander'
import type { JobList, JobView } from '../../api/schemas/jobs.ts'
import type { Cli } from '../cli.ts'
import { jobReport } from '../job-report.ts'
import { jobResults } from '../job-results.ts'
import { msText, shortId } from '../quantity-text.ts'
import { tableLines } from '../table.ts'

interface ShowOptions {
  readonly output?: string
}

export function addJob(program: Command, cli: Cli): void {
  const job = program.command('job').description('jobs that the daemon knows')
  job
    .command('list')
    .description('list jobs, latest first')
    .action(() => listJobs(cli))
  job
    .command('show')
    .description('show a job: results, stages, timings, receipts')
    .argument('<id>', 'id of a job, or how it begins')
    .option('--output <dir>', 'write each output as .npy into this folder')
    .action((id: string, { output }: ShowOptions) => showJob(cli, id, output))
  job
    .command('cancel')
    .description('cancel a job')
    .argument('<id>', 'id of a job, or how it begins')
    .action((id: string) => cancelJob(cli, id))
}

async function listJobs(cli: Cli): Promise<void> {
  const client = await cli.client()
  const { jobs } = await client.get<JobList>('/v1/jobs')
  cli.print({ jobs }, () => jobLines(jobs, cli.width))
}

function jobLines(jobs: JobList['jobs'], width: number | undefined): readonly string[] {
  if (jobs.length === 0) return ['no job yet: brume run MODEL --input FILE']
  const columns = [
    { title: 'job' },
    { title: 'model' },
    { title: 'state' },
    { title: 'inputs', align: 'right', spare: 1 },
    { title: 'stages', align: 'right', spare: 3 },
    { title: 'took', align: 'right', spare: 2 },
    { title: 'created', spare: 4 },
  ] as const
  const rows = jobs.map((job) => [
    shortId(job.id),
    job.modelName,
    job.error === undefined ? job.state : `${job.state} ${job.error.code}`,
    `${job.progress.inputsDone}/${job.progress.inputsTotal}`,
    String(job.stages.length),
    job.totalMs === undefined ? '' : msText(job.totalMs),
    new Date(job.createdMs).toISOString(),
  ])
  return tableLines(columns, rows, width)
}

async function showJob(cli: Cli, id: string, output: string | undefined): Promise<void> {
  const client = await cli.client()
  const job = await client.get<JobView>(`/v1/jobs/${encodeURIComponent(id)}`)
  const { error } = job
  const why = error === undefined ? [] : [`error ${error.code}: ${error.detail}`]
  const { files = [], outputs = [] } = await jobResults(cli, client, { job, output })
  cli.print({ job, files }, () => [
    ...jobReport(job, { files, outputs, width: cli.width }),
    ...job.notes.map((note) => `note: ${note}`),
    ...why,
  ])
}

async function cancelJob(cli: Cli, id: string): Promise<void> {
  const client = await cli.client()
  const job = await client.delete<JobView>(`/v1/jobs/${encodeURIComponent(id)}`)
  cli.print({ job }, () => `job ${shortId(job.id)} ${job.state}`)
}
