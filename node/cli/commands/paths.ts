/**
 * `brume paths`: where the files of this daemon are.
 *
 * @module
 */

import { join } from 'node:path'
import type { Command } from 'commander'
import { STATE_CONFIG_FILE } from '../../../config/paths.ts'
import { connectionFile, keyFile } from '../../api/connection.ts'
import type { Cli } from '../cli.ts'

export function addPaths(program: Command, cli: Cli): void {
  program
    .command('paths')
    .description('where the files of this daemon are')
    .action(() => showPaths(cli))
}

async function showPaths(cli: Cli): Promise<void> {
  const state = await cli.stateDir()
  const paths = {
    state,
    config: cli.options.config ?? join(state, STATE_CONFIG_FILE),
    connection: connectionFile(state),
    key: keyFile(state),
    store: join(state, 'store'),
  }
  cli.print({ paths }, () =>
    Object.entries(paths).map(([name, path]) => `${name.padEnd(10)}  ${path}`),
  )
}
