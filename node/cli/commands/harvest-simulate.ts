/**
 * `brume harvest simulate`: what a policy would have made of a day. Needs no daemon.
 *
 * @module
 */

import { readFile, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  HARVEST_TEMPLATE_NAMES,
  type HarvestPolicy,
  harvestPolicy,
  type HarvestTemplateName,
} from '../../../config/index.ts'
import { HarvestError } from '../../harvest/errors.ts'
import { BASELINES, GovernorContestant } from '../../harvest/traces/contestant.ts'
import { generateTrace, sceneMeaning } from '../../harvest/traces/generated-traces.ts'
import { replay, type ReplayHours, type ReplayScore } from '../../harvest/traces/replay.ts'
import { lastOf, type Trace } from '../../harvest/traces/trace.ts'
import { parseTrace, TRACE_LIMITS, traceText } from '../../harvest/traces/trace-format.ts'
import { TRACE_FILE } from '../../harvest/traces/trace-recorder.ts'
import { writeFileAtomic } from '../../storage/atomic-file.ts'
import { loadCliConfig, settingsOf } from '../cli-config.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { simulationJson, simulationLines } from '../harvest-report.ts'
import type { SimulateOptions } from './harvest.ts'

/** Time between two ticks of a replay. */
const TICK_MS = 1_000
const DAY_MS = 86_400_000
/** What is replayed of a long trace, its end, in ms: as much as can be generated. */
const REPLAY_MS_MAX = 28 * DAY_MS

/** One row of the comparison. */
export interface SimulatedRow {
  readonly name: string
  readonly score: ReplayScore
}

export interface Simulation {
  readonly about: string
  readonly policy: HarvestPolicy
  readonly rows: readonly SimulatedRow[]
  readonly hours: ReplayHours
}

export async function simulate(
  cli: Cli,
  file: string | undefined,
  options: SimulateOptions,
): Promise<void> {
  const trace = await traceOf(cli, file, options)
  const policy = policyOf(cli, trace, options)
  if (options.write !== undefined) {
    await write(resolve(cli.surroundings.workingDir, options.write), trace)
  }
  const simulation = await cli.interruptible((signal) => run(trace, policy, signal))
  cli.print({ simulation: simulationJson(simulation) }, () =>
    simulationLines(simulation, cli.width),
  )
}

async function run(trace: Trace, policy: HarvestPolicy, signal: AbortSignal): Promise<Simulation> {
  const own = replay(trace, new GovernorContestant(policy), { tickMs: TICK_MS })
  const rows: SimulatedRow[] = [{ name: `Brume, ${policy.template}`, score: own.score }]
  for (const [name, contestant] of Object.entries(BASELINES)) {
    signal.throwIfAborted()
    rows.push({ name, score: replay(trace, contestant(), { tickMs: TICK_MS }).score })
    // A replay holds the thread for a while: between two of them somebody may stop it.
    await new Promise((soon) => {
      setImmediate(soon)
    })
  }
  return { about: trace.header.name, policy, rows, hours: own.hours }
}

async function traceOf(
  cli: Cli,
  file: string | undefined,
  { last, scene, days, seed }: SimulateOptions,
): Promise<Trace> {
  if (last === true) {
    const path = join(await cli.stateDir(), TRACE_FILE)
    return lastOf(await readTrace(path, true), DAY_MS)
  }
  if (file !== undefined) {
    const path = resolve(cli.surroundings.workingDir, file)
    return lastOf(await readTrace(path, false), REPLAY_MS_MAX)
  }
  const trace = generateTrace(scene, { days, seed })
  const name = `${scene}: ${sceneMeaning(scene)}`
  return { ...trace, header: { ...trace.header, name } }
}

/** @throws {CliError | HarvestError} `CLI_INPUT_UNREADABLE`, `HARVEST_TRACE_ABSENT`, or what is wrong with it. */
async function readTrace(path: string, own: boolean): Promise<Trace> {
  let text: string
  try {
    const { size } = await stat(path)
    if (size > TRACE_LIMITS.FILE_BYTES_MAX) {
      const limit = `${TRACE_LIMITS.FILE_BYTES_MAX} bytes`
      throw new HarvestError({ code: 'HARVEST_TRACE_TOO_LARGE', limit })
    }
    text = await readFile(path, 'utf8')
  } catch (error) {
    if (error instanceof HarvestError) throw error
    const absent = own && (error as NodeJS.ErrnoException).code === 'ENOENT'
    if (absent) throw new HarvestError({ code: 'HARVEST_TRACE_ABSENT', path }, { cause: error })
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause: error })
  }
  return parseTrace(text)
}

/** The policy that is asked for: a template that is named, else that of the trace, with what is set. */
function policyOf(cli: Cli, { header }: Trace, options: SimulateOptions): HarvestPolicy {
  const { config } = loadCliConfig(cli, settingsOf(options.set))
  const { template = header.template } = options
  if (!HARVEST_TEMPLATE_NAMES.some((name) => name === template)) {
    const problem = `--template: expected one of ${HARVEST_TEMPLATE_NAMES.join(', ')}, got ${template}`
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem, command: 'brume harvest simulate' })
  }
  const harvest = { ...config.harvest, template: template as HarvestTemplateName }
  return harvestPolicy(harvest, harvest.template)
}

/** @throws {CliError} `CLI_OUTPUT_UNWRITABLE`. */
async function write(path: string, trace: Trace): Promise<void> {
  try {
    await writeFileAtomic(path, Buffer.from(traceText(trace)))
  } catch (error) {
    throw new CliError({ code: 'CLI_OUTPUT_UNWRITABLE', path }, { cause: error })
  }
}
