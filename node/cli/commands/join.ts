/**
 * `brume join`: joins the mesh of an invite code.
 *
 * @module
 */

import type { Command } from 'commander'
import type { JoinRequest, Mesh } from '../../api/schemas/mesh.ts'
import type { Cli } from '../cli.ts'
import { meshLines } from './mesh.ts'

export function addJoin(program: Command, cli: Cli): void {
  program
    .command('join')
    .description('join the mesh of an invite code')
    .argument('<code>', 'what brume invite printed on the other device')
    .action((code: string) => join(cli, code))
}

async function join(cli: Cli, code: string): Promise<void> {
  const client = await cli.client()
  const request: JoinRequest = { code }
  const mesh = await cli.interruptible((signal) =>
    client.post<Mesh>('/v1/mesh/join', request, signal),
  )
  cli.print({ mesh }, () => meshLines(mesh))
}
