/**
 * `brume session-helper`: tells the daemon when the person at this session is there.
 *
 * It runs in the person's own login session, started by the desktop, because nothing outside of one
 * sees keyboard, windows and sound. People do not call it, so that help leaves it out.
 *
 * @module
 */

import type { Command } from 'commander'
import { runSessionHelper } from '../../harvest/session/session-helper.ts'
import { sessionSocketPath } from '../../harvest/session/session-socket.ts'
import { systemClock } from '../../system/system-clock.ts'
import type { Cli } from '../cli.ts'

export function addSessionHelper(program: Command, cli: Cli): void {
  program
    .command('session-helper', { hidden: true })
    .description('tell the daemon when the person at this session is there')
    .option('--socket <path>', 'where the daemon listens, when not in its state folder')
    .action((options: { readonly socket?: string }) => report(cli, options.socket))
}

async function report(cli: Cli, socket: string | undefined): Promise<void> {
  const platform = cli.surroundings.platform as NodeJS.Platform
  const path = socket ?? sessionSocketPath(await cli.stateDir(), platform)
  const onLink = (connected: boolean): void => {
    cli.terminal.note(connected ? 'reporting to the daemon' : 'the daemon has gone; waiting for it')
  }
  await cli.interruptible((signal) =>
    runSessionHelper(systemClock, { path, platform, onLink }, signal),
  )
}
