/**
 * `brume status`: what the daemon is and does right now.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Status } from '../../api/schemas/status.ts'
import type { Cli } from '../cli.ts'
import { bytesText, msText, shortId, shortPeer } from '../quantity-text.ts'
import { trustStatusLines } from '../trust-report.ts'

export function addStatus(program: Command, cli: Cli): void {
  program
    .command('status')
    .description('what the daemon is and does right now')
    .action(() => showStatus(cli))
}

/** Prints the status of the running daemon. */
export async function showStatus(cli: Cli): Promise<void> {
  const client = await cli.client()
  const status = await client.get<Status>('/v1/status')
  cli.print({ status }, () => statusLines(status))
}

const REASONS = {
  'no-mesh': 'in no mesh yet: brume mesh create NAME, or brume join CODE',
  'no-peers': 'no other device of the mesh is connected: is brume up running there?',
} as const

function statusLines(status: Status): string[] {
  const { name, peer, state, reason, mesh, jobs, ledger, trust, memory, uptimeMs } = status
  const why = reason === undefined ? '' : ` · ${REASONS[reason]}`
  return [
    `${name} (${shortPeer(peer)}) ${state}${why}`,
    `  up       ${msText(uptimeMs)}, version ${status.version}`,
    `  mesh     ${mesh === null ? 'none' : `${mesh.name} (${shortId(mesh.id)}), ${mesh.role}`}`,
    `  peers    ${status.connectedPeers} connected`,
    `  models   ${status.models}`,
    `  stages   ${status.stages.length} running here`,
    ...status.stages.map(
      ({ model, fromLayer, toLayer, provider, requester }) =>
        `           ${shortId(model)} layers ${fromLayer}–${toLayer - 1} on ${provider} for ${shortPeer(requester)}`,
    ),
    `  jobs     ${jobs.running} running, ${jobs.done} done, ${jobs.failed} failed`,
    `  ledger   ${ledger === null ? 'none' : ledgerText(ledger)}`,
    ...(trust === null ? [] : trustStatusLines(trust)),
    `  memory   ${bytesText(memory.daemonBytes)} daemon, ${bytesText(memory.executorBytes)} executors`,
    `  network  ${status.addresses.join(' ')}`,
    `  api      ${status.apiUrl}`,
    `  state    ${status.stateDir}`,
  ]
}

function ledgerText({ size, head, incarnation }: NonNullable<Status['ledger']>): string {
  const root = head === null ? '' : `, head ${shortId(head.root)}`
  const again = incarnation === 0 ? '' : ', went on after a loss'
  return `${size} ${size === 1 ? 'entry' : 'entries'}${root}${again}`
}
