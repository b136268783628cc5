/**
 * `brume wait`: returns once the daemon is ready, has so many peers, or has ended a job. For scripts.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { type Command, InvalidArgumentError } from 'commander'
import { parseQuantity } from '../../../config/quantity.ts'
import { errorCode } from '../../../core/errors.ts'
import type { JobView } from '../../api/schemas/jobs.ts'
import type { Status } from '../../api/schemas/status.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { countText } from '../quantity-text.ts'

/** Time between two looks: soon enough for people, cheap for the daemon. */
const LOOK_EVERY_MS = 250
/** Longest that may be waited. */
const TIMEOUT_MS_MAX = 86_400_000

type Wanted =
  | { readonly type: 'ready' }
  | { readonly type: 'peers'; readonly count: number }
  | { readonly type: 'job'; readonly id: string }

interface WaitOptions {
  readonly for: Wanted
  readonly timeout: number
}

export function addWait(program: Command, cli: Cli): void {
  program
    .command('wait')
    .description('wait until the daemon is ready, has peers, or has ended a job')
    .option('--for <what>', 'ready, peers=COUNT or job=ID', wanted, { type: 'ready' })
    .option('--timeout <time>', 'give up after this time, such as 30s', time, 30_000)
    .action((options: WaitOptions) => wait(cli, options))
    .addHelpText('after', '\nEnds with 0 when it has come to pass, with 6 when the time is over.')
}

function wanted(text: string): Wanted {
  if (text === 'ready') return { type: 'ready' }
  const [, count] = /^peers=(\d{1,6})$/.exec(text) ?? []
  if (count !== undefined) return { type: 'peers', count: Number(count) }
  const [, id] = /^job=(\w{4,64})$/.exec(text) ?? []
  if (id !== undefined) return { type: 'job', id }
  throw new InvalidArgumentError('expected ready, peers=COUNT or job=ID')
}

function time(text: string): number {
  const ms = parseQuantity(text, 'ms')
  if (ms !== undefined && ms <= TIMEOUT_MS_MAX) return ms
  throw new InvalidArgumentError('expected a time such as 30s')
}

async function wait(cli: Cli, { for: what, timeout: timeoutMs }: WaitOptions): Promise<void> {
  const endMs = performance.now() + timeoutMs
  await cli.interruptible(async (signal) => {
    for (;;) {
      const found = await look(cli, what)
      if (found !== undefined) return cli.print({ reached: true }, () => found)
      const leftMs = endMs - performance.now()
      if (leftMs <= 0) {
        throw new CliError({ code: 'CLI_WAIT_OVER', what: textOf(what), timeoutMs })
      }
      await sleep(Math.min(LOOK_EVERY_MS, leftMs), undefined, { signal })
    }
  })
}

/** What there is to say once it has come to pass; undefined before. */
async function look(cli: Cli, what: Wanted): Promise<string | undefined> {
  try {
    const client = await cli.client()
    if (what.type === 'job') {
      const { state } = await client.get<JobView>(`/v1/jobs/${encodeURIComponent(what.id)}`)
      return ['done', 'failed', 'cancelled'].includes(state) ? `job ${what.id} ${state}` : undefined
    }
    const { state, connectedPeers } = await client.get<Status>('/v1/status')
    if (what.type === 'ready') return state === 'ready' ? 'ready' : undefined
    return connectedPeers >= what.count
      ? `${countText(connectedPeers, 'peer')} connected`
      : undefined
  } catch (error) {
    // A daemon that is only starting: what is waited for may still come.
    if (errorCode(error) === 'API_DAEMON_NOT_RUNNING') return undefined
    throw error
  }
}

function textOf(what: Wanted): string {
  if (what.type === 'ready') return 'the daemon to be ready'
  return what.type === 'peers' ? `${what.count} peers` : `the end of job ${what.id}`
}
