/**
 * `brume pause`, `finish` and `resume`: what the owner wants of the daemon, until further notice or
 * for a time. It is kept over restarts.
 *
 * @module
 */

import type { Command } from 'commander'
import type { HarvestView, WishRequest } from '../../api/schemas/harvest.ts'
import type { Cli } from '../cli.ts'
import { harvestLines } from '../lending-report.ts'
import { duration } from '../option-values.ts'

interface ForOption {
  readonly for?: number
}

export function addPause(program: Command, cli: Cli): void {
  program
    .command('pause')
    .description('lend nothing: what others have here moves away at once')
    .option('--for <time>', 'such as 2h; until brume resume when not given', duration)
    .action((options: ForOption) => want(cli, 'pause', options))
}

export function addFinish(program: Command, cli: Cli): void {
  program
    .command('finish')
    .description('take nothing new, and let what runs come to its end')
    .option('--for <time>', 'such as 2h; until brume resume when not given', duration)
    .action((options: ForOption) => want(cli, 'finish', options))
}

export function addResume(program: Command, cli: Cli): void {
  program
    .command('resume')
    .description('lend again as configured')
    .option('--for <time>', 'such as 2h: so long also while somebody is there', duration)
    .action((options: ForOption) =>
      want(cli, options.for === undefined ? 'none' : 'boost', options),
    )
}

async function want(cli: Cli, mode: WishRequest['mode'], options: ForOption): Promise<void> {
  const client = await cli.client()
  const wish: WishRequest = {
    mode,
    ...(options.for === undefined ? {} : { forMs: Math.round(options.for) }),
  }
  const harvest = await client.post<HarvestView>('/v1/harvest/wish', wish)
  cli.print({ harvest }, () => harvestLines(harvest, { nowMs: Date.now(), width: cli.width }))
}
