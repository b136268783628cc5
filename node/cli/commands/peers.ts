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
      'only those of a capability class, best first, such as mem:8g or accel:webgpu',
    )
    .action((options: { readonly class?: string }) => showPeers(cli, options.class))
}

async function showPeers(cli: Cli, capability: string | undefined): Promise<void> {
  const query = capability === undefined ? '' : `?class=${encodeURIComponent(capability)}`
  const client = await cli.client()
  const { peers } = await client.get<PeerList>(`/v1/peers${query}`)
  cli.print({ peers }, () => (peers.length === 0 ? noneText(capability) : peerLines(cli, peers)))
}

function noneText(capability: string | undefined): string {
  return capability === undefined
    ? 'in no mesh yet: brume mesh create NAME, or brume join CODE'
    : `no device of class ${capability}: brume device shows the classes of this one`
}

const COLUMNS = [
  { title: 'device' },
  { title: 'peer', spare: 7 },
  { title: 'state' },
  { title: 'role', spare: 5 },
  { title: 'tier', spare: 8 },
  { title: 'cores', align: 'right', spare: 3 },
  { title: 'memory', align: 'right', spare: 1 },
  { title: 'f32', align: 'right', spare: 4 },
  { title: 'rtt', align: 'right', spare: 2 },
  { title: 'models', align: 'right', spare: 6 },
  { title: 'providers', spare: 3 },
] as const

function peerLines(cli: Cli, peers: readonly PeerView[]): readonly string[] {
  return tableLines(
    COLUMNS,
    peers.map((peer) => [
      peer.name,
      shortPeer(peer.peer),
      stateText(peer),
      peer.role ?? '',
      tierText(peer),
      String(peer.cores),
      bytesText(peer.memoryBytes),
      peer.f32Gflops === undefined ? '' : `${peer.f32Gflops.toFixed(1)} Gflop/s`,
      peer.roundTripMs === undefined ? '' : msText(peer.roundTripMs),
      String(peer.models.length),
      peer.providers.join(' '),
    ]),
    cli.width,
  )
}

/** What was found; in brackets what only the device itself says. */
function tierText({ tier, offeredTier }: PeerView): string {
  return tier ?? `(${offeredTier})`
}

function stateText({ self, connected, ageMs }: PeerView): string {
  if (self) return 'this device'
  return connected ? 'connected' : `seen ${msText(ageMs)} ago`
}
