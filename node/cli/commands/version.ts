/**
 * `brume version`: versions of this program and of what runs it.
 *
 * @module
 */

import type { Command } from 'commander'
import { VERSION } from '../../version.ts'
import type { Cli } from '../cli.ts'

export function addVersion(program: Command, cli: Cli): void {
  program
    .command('version')
    .description('versions of this program and of what runs it')
    .action(() => {
      const { node } = process.versions
      const platform = `${process.platform} ${process.arch}`
      cli.print(
        { brume: VERSION, node, platform },
        () => `brume ${VERSION} (Node ${node}, ${platform})`,
      )
    })
}
