/**
 * `brume trust`: scores, why they are what they are, and proofs of them.
 *
 * @module
 */

import type { Command } from 'commander'
import type {
  TrustExplanation,
  TrustOwner,
  TrustOwnerRequest,
  TrustParameters,
  TrustView,
} from '../../api/schemas/trust.ts'
import { systemClock } from '../../system/system-clock.ts'
import type { Cli } from '../cli.ts'
import { collected, duration, numberWithin } from '../option-values.ts'
import { explanationLines, ownerLines, parametersLines, trustLines } from '../trust-report.ts'
import { addTrustProof } from './trust-proof.ts'

interface ParametersOptions {
  readonly epoch?: number
  readonly seats?: number
  readonly addAnchor?: readonly string[]
  readonly removeAnchor?: readonly string[]
}

interface RestartOptions {
  readonly header: string
}

export function addTrust(program: Command, cli: Cli): void {
  const trust = program.command('trust').description('how far devices are trusted, and why')
  trust
    .command('show')
    .description('the last certified epoch: who decides, and all scores')
    .action(() => show(cli))
  trust
    .command('explain')
    .description('why the score of a device is what it is, and what would raise it')
    .argument('<peer>', 'PeerId, as brume trust show --json shows it')
    .action((peer: string) => explain(cli, peer))
  addTrustProof(trust, cli)
  trust
    .command('parameters')
    .description('what the mesh has agreed on about its epochs, and what seats want to change')
    .option('--epoch <time>', 'say that the seat of this device wants epochs of 60s', duration)
    .option('--seats <count>', 'that it wants committees of 4 to 64 seats', numberWithin(4, 64))
    .option('--add-anchor <peer>', 'that it wants trust to start at a device as well', collected)
    .option('--remove-anchor <peer>', 'that it wants trust to start there no more', collected)
    .action((options: ParametersOptions) => parameters(cli, options))
  addOwner(trust, cli)
  trust
    .command('restart')
    .description(
      'on the device that founded it, begin a mesh again of which too few seats are left',
    )
    .requiredOption('--header <hash>', 'the last certified header, as brume trust show names it')
    .action((options: RestartOptions) => restart(cli, options))
}

/** `brume trust owner`: each side says it on its own device, in any order. */
function addOwner(trust: Command, cli: Cli): void {
  const owner = trust
    .command('owner')
    .description('whose domain devices belong to: one seat, and one standing, for all of them')
  owner
    .command('show')
    .description('who owns this device, with which others, and what is asked for')
    .action(() => showOwner(cli))
  owner
    .command('add')
    .description('say that a device is one of this one; it has to join')
    .argument('<peer>', 'PeerId, as brume trust show --json shows it')
    .action((peer: string) => changeOwner(cli, { action: 'add', peer }))
  owner
    .command('join')
    .description('say that this device is one of another; that one has to add it')
    .argument('<peer>', 'PeerId, as brume trust show --json shows it')
    .action((peer: string) => changeOwner(cli, { action: 'join', peer }))
  owner
    .command('leave')
    .description('say that this device is its own again')
    .action(() => changeOwner(cli, { action: 'leave' }))
  owner
    .command('remove')
    .description('say that a device of this one is its own again')
    .argument('<peer>', 'PeerId, as brume trust owner show --json shows it')
    .action((peer: string) => changeOwner(cli, { action: 'remove', peer }))
}

async function showOwner(cli: Cli): Promise<void> {
  const client = await cli.client()
  const owner = await client.get<TrustOwner>('/v1/trust/owner')
  cli.print({ owner }, () => ownerLines(owner))
}

async function changeOwner(cli: Cli, request: TrustOwnerRequest): Promise<void> {
  const client = await cli.client()
  const owner = await client.post<TrustOwner>('/v1/trust/owner', request)
  cli.print({ owner }, () => ownerLines(owner))
}

async function parameters(cli: Cli, options: ParametersOptions): Promise<void> {
  const client = await cli.client()
  const path = '/v1/trust/parameters'
  const { epoch: epochMs, seats: seatsMax, addAnchor: addAnchors, removeAnchor } = options
  const answer =
    Object.keys(options).length === 0
      ? await client.get<TrustParameters>(path)
      : await client.post<TrustParameters>(path, {
          epochMs,
          seatsMax,
          addAnchors,
          removeAnchors: removeAnchor,
        })
  cli.print({ parameters: answer }, () => parametersLines(answer))
}

async function restart(cli: Cli, { header }: RestartOptions): Promise<void> {
  const client = await cli.client()
  const body = { header: header.toLowerCase() }
  const trust = await client.post<TrustView>('/v1/trust/restart', body)
  cli.print({ trust }, () => [
    'the mesh goes on from that header: this device decides alone until others have seats',
    ...trustLines(trust, systemClock.wallMs(), cli.width),
  ])
}

async function show(cli: Cli): Promise<void> {
  const client = await cli.client()
  const trust = await client.get<TrustView>('/v1/trust')
  cli.print({ trust }, () => trustLines(trust, systemClock.wallMs(), cli.width))
}

async function explain(cli: Cli, peer: string): Promise<void> {
  const client = await cli.client()
  const explained = await client.get<TrustExplanation>(`/v1/trust/${encodeURIComponent(peer)}`)
  cli.print({ explanation: explained }, () => explanationLines(explained, cli.width))
}
