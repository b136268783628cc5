/**
 * The outputs of a finished job, as far as the command line shows or writes them.
 *
 * @module
 */

import { resolve } from 'node:path'
import type { JobView } from '../api/schemas/jobs.ts'
import type { ApiClient } from './api-client.ts'
import type { Cli } from './cli.ts'
import type { ReportExtras } from './job-report.ts'

/** Outputs of more bytes than this are not fetched only to show their first values. */
const SHOWN_BYTES_MAX = 1_048_576
/** Inputs whose outputs are shown. */
const SHOWN_INPUTS_MAX = 3

/** The outputs of a job as files where a folder is named, else those that a report may show. */
export async function jobResults(
  cli: Cli,
  client: ApiClient,
  { job, output }: { readonly job: JobView; readonly output: string | undefined },
): Promise<ReportExtras> {
  const bytes = job.outputs.reduce((sum, each) => sum + each.bytes, 0)
  const shown = output === undefined && cli.options.json !== true && bytes <= SHOWN_BYTES_MAX
  if (job.outputs.length === 0 || (output === undefined && !shown)) return {}
  const { fetchOutputs, writeOutputs } = await import('./output-files.ts')
  const outputs = await fetchOutputs(client, job.id)
  if (output === undefined) return { outputs: outputs.slice(0, SHOWN_INPUTS_MAX) }
  return { files: await writeOutputs(outputs, resolve(cli.surroundings.workingDir, output)) }
}
