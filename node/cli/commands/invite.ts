/**
 * `brume invite`: makes a code by which other devices join the mesh.
 *
 * @module
 */

import type { Command } from 'commander'
import { parseQuantity } from '../../../config/quantity.ts'
import type { Invite } from '../../api/schemas/mesh.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { countText } from '../quantity-text.ts'
import { choiceOption, numberWithin } from '../option-values.ts'

interface InviteOptions {
  readonly uses: number
  readonly ttl: string
  readonly role: string
  readonly mayInvite?: boolean
}

export function addInvite(program: Command, cli: Cli): void {
  program
    .command('invite')
    .description('make a code by which other devices join the mesh')
    .option('--uses <count>', 'devices that may join with it', numberWithin(1, 1_000), 1)
    .option('--ttl <time>', 'time until it expires, such as 30m or 24h', '24h')
    .addOption(
      choiceOption('--role <role>', 'what those who join may do: run and send, send, or look on', [
        'worker',
        'submitter',
        'observer',
      ]).default('worker'),
    )
    .option('--may-invite', 'let those who join invite others in their turn')
    .action((options: InviteOptions) => invite(cli, options))
}

async function invite(
  cli: Cli,
  { uses, ttl, role, mayInvite = false }: InviteOptions,
): Promise<void> {
  const ttlMs = parseQuantity(ttl, 'ms')
  if (ttlMs === undefined) {
    const problem = `expected --ttl such as 30m or 24h, got ${ttl}`
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem })
  }
  const client = await cli.client()
  const made = await client.post<Invite>('/v1/mesh/invites', { uses, ttlMs, role, mayInvite })
  cli.print({ invite: made }, () => made.code)
  if (cli.options.json === true) return
  const until = new Date(made.expiresMs).toISOString()
  cli.terminal.note(`for ${countText(made.uses, 'device')} as ${made.role}, until ${until}`)
  if (made.mayInvite) cli.terminal.note('who joins with it may invite others')
  cli.terminal.note('type on the other device: brume join, and the code')
}
