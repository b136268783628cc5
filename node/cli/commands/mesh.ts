/**
 * `brume mesh create` and `brume mesh show`.
 *
 * @module
 */

import type { Command } from 'commander'
import type { CreateMeshRequest, Mesh, MeshState } from '../../api/schemas/mesh.ts'
import type { Cli } from '../cli.ts'
import { shortId, shortPeer } from '../quantity-text.ts'

export function addMesh(program: Command, cli: Cli): void {
  const mesh = program.command('mesh').description('the mesh that this device is in')
  mesh
    .command('create')
    .description('start a mesh')
    .argument('<name>', 'a name for people, such as home')
    .action((name: string) => createMesh(cli, name))
  mesh
    .command('show')
    .description('show the mesh')
    .action(() => showMesh(cli))
}

async function createMesh(cli: Cli, name: string): Promise<void> {
  const client = await cli.client()
  const mesh = await client.post<Mesh>('/v1/mesh', { name } satisfies CreateMeshRequest)
  cli.print({ mesh }, () => [...meshLines(mesh), 'invite others with: brume invite'])
}

async function showMesh(cli: Cli): Promise<void> {
  const client = await cli.client()
  const { mesh } = await client.get<MeshState>('/v1/mesh')
  cli.print({ mesh }, () =>
    mesh === null ? ['no mesh yet: brume mesh create NAME, or brume join CODE'] : meshLines(mesh),
  )
}

/** A mesh in a few lines. */
export function meshLines(mesh: Mesh): string[] {
  const expires =
    mesh.certificateExpiresMs === undefined
      ? ''
      : `, member until ${new Date(mesh.certificateExpiresMs).toISOString()}`
  const invites = mesh.invites === 0 ? [] : [`  invites  ${mesh.invites} open`]
  return [
    `mesh ${mesh.name} (${shortId(mesh.id)})`,
    `  role     ${mesh.role}${expires}`,
    `  founder  ${shortPeer(mesh.founder)}, ${new Date(mesh.createdMs).toISOString()}`,
    ...invites,
  ]
}
