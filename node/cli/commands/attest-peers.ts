/**
 * `brume attest status`, `request`, `explain`, `handover`, `accept`: what devices are taken for.
 *
 * @module
 */

import { type Command, InvalidArgumentError } from 'commander'
import type {
  AcceptedHandover,
  AttestationList,
  AttestationResultList,
  AttestationView,
  EpochList,
  Handover,
} from '../../api/schemas/attestation.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { shortId, shortPeer } from '../quantity-text.ts'
import { tableLines } from '../table.ts'

export function addAttestPeers(attest: Command, cli: Cli): void {
  attest
    .command('status')
    .description('what devices that were asked are taken for')
    .action(() => showStatus(cli))
  attest
    .command('request')
    .description('ask a device for evidence of its hardware')
    .argument('<peer>', 'PeerId, as brume peers --json shows it')
    .action((peer: string) => request(cli, peer))
  attest
    .command('explain')
    .description('why a device is taken for what it is')
    .argument('<peer>', 'PeerId, or a name of brume attest status')
    .action((peer: string) => explain(cli, peer))
  attest
    .command('results')
    .description('what members found about one another, and whether this device finds the same')
    .action(() => showResults(cli))
  attest
    .command('revoke')
    .description('forget what a device has shown, and call on all members to ask it again')
    .argument('<peer>', 'PeerId, as brume peers --json shows it')
    .action((peer: string) => revoke(cli, peer))
  attest
    .command('epoch')
    .description('show evidence of an epoch to all members, and what theirs comes to')
    .argument('<id>', '32 bytes in hex that nobody could foresee', epochValue)
    .action((epoch: string) => showEpoch(cli, epoch))
  attest
    .command('handover')
    .description(
      'sign that this device gives its TPM to another device, such as a new key of its own',
    )
    .argument('<peer>', 'PeerId of the other device')
    .action((peer: string) => handOver(cli, peer))
  attest
    .command('accept')
    .description('show a handover to this device from now on')
    .argument('<handover>', 'what brume attest handover printed')
    .action((handover: string) => accept(cli, handover))
}

async function handOver(cli: Cli, peer: string): Promise<void> {
  const client = await cli.client()
  const { handover } = await client.post<Handover>('/v1/attestations/handovers', { peer })
  cli.print({ handover }, () => handover)
  cli.terminal.note(`on the other device: brume attest accept ${handover.slice(0, 8)}…`)
}

async function accept(cli: Cli, handover: string): Promise<void> {
  const client = await cli.client()
  const path = '/v1/attestations/handovers/accept'
  const accepted = await client.post<AcceptedHandover>(path, { handover })
  cli.print(
    { accepted },
    () => `the hardware of ${shortPeer(accepted.from)} speaks for this device now`,
  )
}

const COLUMNS = [
  { title: 'device' },
  { title: 'peer', spare: 2 },
  { title: 'tier' },
  { title: 'score', align: 'right' },
  { title: 'status', spare: 1 },
  { title: 'evidence', spare: 3 },
] as const

async function showStatus(cli: Cli): Promise<void> {
  const { attestations } = await listed(cli)
  const rows = attestations.map(({ name, peer, tier, score, status, kinds }) => [
    name,
    shortPeer(peer),
    tier,
    score.toFixed(2),
    status,
    kinds.join(' '),
  ])
  cli.print({ attestations }, () =>
    rows.length === 0
      ? 'nobody was asked yet: brume attest request PEER'
      : tableLines(COLUMNS, rows, cli.width),
  )
}

const RESULT_COLUMNS = [
  { title: 'device' },
  { title: 'found by' },
  { title: 'tier' },
  { title: 'score', align: 'right' },
  { title: 'policy', spare: 2 },
  { title: 'evidence', spare: 1 },
  { title: 'here' },
] as const

async function showResults(cli: Cli): Promise<void> {
  const client = await cli.client()
  const { results } = await client.get<AttestationResultList>('/v1/attestations/results')
  const rows = results.map((one) => [
    one.attesterName,
    one.verifierName,
    one.tier,
    one.score.toFixed(2),
    one.policy,
    shortId(one.evidence),
    one.recheck,
  ])
  cli.print({ results }, () =>
    rows.length === 0
      ? 'nobody has asked anybody yet: brume attest request PEER'
      : tableLines(RESULT_COLUMNS, rows, cli.width),
  )
}

async function revoke(cli: Cli, peer: string): Promise<void> {
  const client = await cli.client()
  await client.post('/v1/attestations/revocations', { peer })
  cli.print({ revoked: peer }, () => `${shortPeer(peer)} is to be asked anew by all`)
}

const EPOCH_COLUMNS = [
  { title: 'device' },
  { title: 'peer', spare: 1 },
  { title: 'tier' },
  { title: 'score', align: 'right' },
  { title: 'evidence' },
] as const

async function showEpoch(cli: Cli, epoch: string): Promise<void> {
  const client = await cli.client()
  const { appraisals } = await cli.interruptible((signal) =>
    client.post<EpochList>('/v1/attestations/epochs', { epoch }, signal),
  )
  const rows = appraisals.map(({ name, peer, tier, score, evidence, findings }) => [
    name,
    shortPeer(peer),
    tier,
    score.toFixed(2),
    [...evidence.map(({ kind, id }) => `${kind} ${shortId(id)}`), ...findings].join(' '),
  ])
  cli.print({ appraisals }, () => tableLines(EPOCH_COLUMNS, rows, cli.width))
}

function epochValue(text: string): string {
  if (/^[0-9a-f]{64}$/.test(text)) return text
  throw new InvalidArgumentError('expected 64 digits in hexadecimal')
}

async function request(cli: Cli, peer: string): Promise<void> {
  const client = await cli.client()
  const attestation = await cli.interruptible((signal) =>
    client.post<AttestationView>('/v1/attestations', { peer }, signal),
  )
  cli.print({ attestation }, () => lines(attestation))
}

async function explain(cli: Cli, asked: string): Promise<void> {
  const { attestations } = await listed(cli)
  const found = attestations.find(({ peer, name }) => peer === asked || name === asked)
  if (found === undefined) {
    throw new CliError({
      code: 'CLI_USAGE_INVALID',
      problem: 'this device was not asked for evidence yet',
      command: 'brume attest request',
    })
  }
  cli.print({ attestation: found }, () => lines(found))
}

async function listed(cli: Cli): Promise<AttestationList> {
  const client = await cli.client()
  return client.get<AttestationList>('/v1/attestations')
}

function lines(attestation: AttestationView): readonly string[] {
  const { name, peer, tier, score, status, policy, kinds, findings } = attestation
  return [
    `${name} (${shortPeer(peer)}): tier ${tier}, score ${score.toFixed(2)} under ${policy}, ${status}`,
    `evidence that holds: ${kinds.length === 0 ? 'none' : kinds.join(', ')}`,
    ...findings.flatMap(({ code, meaning, hint }) => [`  ${code}: ${meaning}`, `    ${hint}`]),
  ]
}
