/**
 * `brume peers`: the devices of the mesh, or those of a capability class, best first.
 *
 * @module
 */

import type { Command } from 'commander'
import type { PeerList, PeerView } from '../../api/schemas/peers.ts'
import type { Cli } from '../cli.ts'
import { bytesText, msText, shortPeer } from '../quantity-text.ts'
import { tableLines } from '../table.ts'

export function addPeers(program: Command, cli: Cli): void {
  program
    .command('peers')
    .description('the devices of the mesh')
    .option(
      '--class <class>',
      'only those of a capability class, best first, such as cpu:4 or mem:8g',
    )
    .action((options: { readonly class?: string }) => showPeers(cli, options.class))
}

async function showPeers(cli: Cli, capability: string | undefined): Promise<void> {
  const query = capability === undefined ? '' : `?class=${encodeURIComponent(capability)}`
  const client = await cli.client()
  const { peers } = await client.get<PeerList>(`/v1/peers${query}`)
  cli.print({ peers }, () => peerLines(peers))
}

const COLUMNS = [
  { title: 'device' },
  { title: 'peer' },
  { title: 'state' },
  { title: 'role' },
  { title: 'cores', align: 'right' },
  { title: 'memory', align: 'right' },
  { title: 'f32', align: 'right' },
  { title: 'rtt', align: 'right' },
  { title: 'models', align: 'right' },
  { title: 'providers' },
] as const

function peerLines(peers: readonly PeerView[]): readonly string[] {
  if (peers.length === 0) return ['no device found']
  return tableLines(
    COLUMNS,
    peers.map((peer) => [
      peer.name,
      shortPeer(peer.peer),
      stateText(peer),
      peer.role ?? '',
      String(peer.cores),
      bytesText(peer.memoryBytes),
      peer.f32Gflops === undefined ? '' : `${peer.f32Gflops.toFixed(1)} G`,
      peer.roundTripMs === undefined ? '' : msText(peer.roundTripMs),
      String(peer.models.length),
      peer.providers.join(' '),
    ]),
  )
}

function stateText({ self, connected, ageMs }: PeerView): string {
  if (self) return 'this device'
  return connected ? 'connected' : `seen ${msText(ageMs)} ago`
}
