/**
 * `brume leave`: leaves the mesh.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Left } from '../../api/schemas/mesh.ts'
import type { Cli } from '../cli.ts'
import { countText } from '../quantity-text.ts'

interface LeaveOptions {
  readonly now?: true
}

export function addLeave(program: Command, cli: Cli): void {
  program
    .command('leave')
    .description('leave the mesh, and say so: its seat goes to another device')
    .option('--now', 'also when others cannot decide on trust without the seat of this device')
    .action(async ({ now }: LeaveOptions) => {
      const client = await cli.client()
      const { told } = await client.post<Left>('/v1/mesh/leave', { now: now === true })
      cli.print({ left: true, told }, () => [
        `left the mesh: ${told === 0 ? 'nobody was there to be told' : `${countText(told, 'device')} told`}`,
      ])
    })
}
