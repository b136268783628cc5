/**
 * `brume leave`: leaves the mesh.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'

export function addLeave(program: Command, cli: Cli): void {
  program
    .command('leave')
    .description('leave the mesh')
    .action(async () => {
      const client = await cli.client()
      await client.post('/v1/mesh/leave')
      cli.print({ left: true }, () => 'left the mesh')
    })
}
