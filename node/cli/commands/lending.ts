/**
 * `brume harvest status` and `explain`: what is lent now, or was at a time, and why not more.
 *
 * @module
 */

import { type Command, InvalidArgumentError } from 'commander'
import type { HarvestView, PastDecision } from '../../api/schemas/harvest.ts'
import type { Cli } from '../cli.ts'
import { decisionLines, harvestLines } from '../lending-report.ts'

const DAY_MS = 86_400_000

export function addLending(harvest: Command, cli: Cli): void {
  harvest
    .command('status')
    .description('what is lent now')
    .action(() => showHarvest(cli))
  harvest
    .command('explain')
    .description('what was lent at a time of the last day')
    .requiredOption('--at <time>', 'such as 14:05, or 2026-03-01T14:05', moment)
    .action(({ at }: { readonly at: number }) => explain(cli, at))
}

/** Prints what is lent now. */
async function showHarvest(cli: Cli): Promise<void> {
  const client = await cli.client()
  const harvest = await client.get<HarvestView>('/v1/harvest')
  cli.print({ harvest }, () => harvestLines(harvest, { nowMs: Date.now(), width: cli.width }))
}

async function explain(cli: Cli, atMs: number): Promise<void> {
  const client = await cli.client()
  const { decision } = await client.get<PastDecision>(`/v1/harvest/decisions?atMs=${atMs}`)
  cli.print({ decision }, () =>
    decision === null
      ? ['nothing is remembered of that time: the daemon keeps one day, from its start on']
      : decisionLines(decision, { nowMs: atMs, width: cli.width }),
  )
}

/** A time of today, or of yesterday where today's is still to come; or a date with a time. */
function moment(text: string): number {
  const clock = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text)
  if (clock === null) {
    const wallMs = Date.parse(text)
    if (wallMs >= 0) return wallMs
    throw new InvalidArgumentError('expected a time such as 14:05, or 2026-03-01T14:05')
  }
  const [, hours, minutes, seconds = '59'] = clock
  const today = new Date().setHours(Number(hours), Number(minutes), Number(seconds), 0)
  return today > Date.now() + 60_000 ? today - DAY_MS : today
}
