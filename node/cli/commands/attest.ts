/**
 * `brume attest …`: look at evidence and at policies; neither needs a daemon.
 *
 * @module
 */

import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { Appraisal, Claims, Policy } from '../../../attestation/index.ts'
import { fromHex } from '../../../core/bytes.ts'
import type { Cli } from '../cli.ts'
import { collected } from '../option-values.ts'
import { addAttestCollateral } from './attest-collateral.ts'
import { addAttestPeers } from './attest-peers.ts'

interface VerifyOptions {
  readonly policy: string
  readonly binding?: Uint8Array
  readonly at?: number
  readonly root: readonly string[]
}

interface LocalOptions {
  readonly tpm: string
  readonly eventLog: string
  readonly policy: string
  readonly root: readonly string[]
  readonly issuer: readonly string[]
  readonly bindingKey?: true
}

export function addAttest(program: Command, cli: Cli): void {
  const attest = program.command('attest').description('evidence of hardware, and what it is worth')
  attest
    .command('verify')
    .description('verify evidence from a file and appraise it; no daemon is needed')
    .argument('<file>', 'JSON that names the parts of the evidence, see docs/attestation.md')
    .option('--policy <name>', 'production, test, or a JSON file that changes one', 'production')
    .option('--binding <hex>', 'what the evidence must be bound to', hexValue)
    .option('--at <time>', 'the time to verify at, such as 2026-11-26T12:00:00Z', timeValue)
    .option(
      '--root <file>',
      'a root of TPM makers to trust as well, in PEM; may be repeated',
      collected,
      [],
    )
    .action((file: string, options: VerifyOptions) => verify(cli, file, options))
  attest
    .command('local')
    .description('what others would believe of the TPM of this machine; no daemon is needed')
    .option('--tpm <path>', 'device file, path of a socket, or HOST:PORT', '/dev/tpmrm0')
    .option(
      '--event-log <file>',
      'log of the boot, as the firmware keeps it',
      '/sys/kernel/security/tpm0/binary_bios_measurements',
    )
    .option('--policy <name>', 'production, test, or a JSON file that changes one', 'production')
    .option(
      '--root <file>',
      'a root of TPM makers to trust as well, in PEM; may be repeated',
      collected,
      [],
    )
    .option(
      '--issuer <file>',
      'an issuer below such a root, in PEM; may be repeated',
      collected,
      [],
    )
    .option('--binding-key', 'have a key that is tied to the registers sign as well')
    .action((options: LocalOptions) => checkLocal(cli, options))
  addAttestPeers(attest, cli)
  addAttestCollateral(attest, cli)
  attest
    .command('policy')
    .description('show a policy, with the reason for each of its values')
    .argument('[name]', 'production, test, or a JSON file that changes one', 'production')
    .action((name: string) => showPolicy(cli, name))
}

async function verify(cli: Cli, file: string, options: VerifyOptions): Promise<void> {
  const { appraise, verifyEvidence } = await import('../../../attestation/index.ts')
  const { anchorsWith } = await import('../../attestation/certificate-file.ts')
  const { readEvidenceFile } = await import('../evidence-file.ts')
  const { workingDir } = cli.surroundings
  const nowMs = options.at ?? Date.now()
  const policy = await policyOf(cli, options.policy)
  const { evidence, collateral, binding } = await readEvidenceFile(resolve(workingDir, file), nowMs)
  const wanted = options.binding ?? binding
  const claims = verifyEvidence(evidence, {
    nowMs,
    anchors: await anchorsWith(options.root.map((path) => resolve(workingDir, path))),
    binding: wanted === undefined ? { type: 'unchecked' } : { type: 'bytes', bytes: wanted },
    collateral,
    policy,
    bank: 'sha256',
    activation: { type: 'unchecked' },
  })
  const appraisal = appraise([claims], policy, nowMs)
  await report(cli, { claims, appraisal, policy })
}

async function checkLocal(cli: Cli, options: LocalOptions): Promise<void> {
  const { checkTpm, openTpm, TpmAttester, TpmClient } = await import('../../attesters/index.ts')
  const { anchorsWith, readCertificateFile } = await import('../../attestation/certificate-file.ts')
  const { systemRandom } = await import('../../system/system-random.ts')
  const at = (path: string): string => resolve(cli.surroundings.workingDir, path)
  const policy = await policyOf(cli, options.policy)
  const anchors = await anchorsWith(options.root.map((path) => at(path)))
  const issuers = await Promise.all(options.issuer.map((path) => readCertificateFile(at(path))))
  const client = new TpmClient(await openTpm(options.tpm))
  try {
    const bindingKey = options.bindingKey === true || policy.tpm.bindingKeyRequired
    const init = { issuers: issuers.flat(), eventLogPath: at(options.eventLog), bindingKey }
    const attester = new TpmAttester(client, systemRandom, init)
    const checked = await checkTpm(attester, {
      nowMs: Date.now(),
      anchors,
      policy,
      random: systemRandom,
    })
    await report(cli, { ...checked, policy })
  } finally {
    await client.close()
  }
}

/** Prints what holds and what it is worth. @throws {AttestationError} with the rule by which it is worth nothing. */
async function report(
  cli: Cli,
  { claims, appraisal, policy }: { claims: Claims; appraisal: Appraisal; policy: Policy },
): Promise<void> {
  const { AttestationError } = await import('../../../attestation/index.ts')
  const { attestReport } = await import('../attest-report.ts')
  cli.print({ claims, appraisal }, () => attestReport(claims, appraisal, cli.terminal))
  const [worst] = appraisal.submods.flatMap(({ findings }) =>
    findings.filter(({ status }) => status === 'contraindicated'),
  )
  if (worst === undefined) return
  const reason = `the evidence holds, but ${policy.id} gives it no credit`
  throw new AttestationError({ code: worst.code, reason })
}

async function showPolicy(cli: Cli, name: string): Promise<void> {
  const { policyDigest } = await import('../../../attestation/index.ts')
  const policy = await policyOf(cli, name)
  cli.print({ policy, digest: policyDigest(policy) }, () => [
    `${policy.id}  ${policyDigest(policy)}`,
    ...Object.entries(policy.reasons).flatMap(([path, reason]) => [
      `${path} = ${JSON.stringify(valueAt(policy, path))}`,
      `    ${reason}`,
    ]),
  ])
}

/** A policy by name; files stand in the folder where the command was typed. */
async function policyOf(cli: Cli, name: string): Promise<Policy> {
  const { policyNamed } = await import('../../attestation/policy-file.ts')
  const shipped = name === 'production' || name === 'test'
  return policyNamed(shipped ? name : resolve(cli.surroundings.workingDir, name))
}

function valueAt(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown>)[name], value)
}

function hexValue(text: string): Uint8Array {
  const bytes = fromHex(text.toLowerCase())
  if (bytes === undefined) throw new InvalidArgumentError('expected hexadecimal')
  return bytes
}

function timeValue(text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms)) throw new InvalidArgumentError('expected a time in ISO 8601')
  return ms
}
