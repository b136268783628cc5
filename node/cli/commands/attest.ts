/**
 * `brume attest …`: look at evidence and at policies; neither needs a daemon.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import type { AnchorSet, Policy } from '../../../attestation/index.ts'
import { fromHex } from '../../../core/bytes.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { collected } from '../option-values.ts'

interface VerifyOptions {
  readonly policy: string
  readonly binding?: Uint8Array
  readonly at?: number
  readonly root: readonly string[]
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
    .command('policy')
    .description('show a policy, with the reason for each of its values')
    .argument('[name]', 'production, test, or a JSON file that changes one', 'production')
    .action((name: string) => showPolicy(cli, name))
}

async function verify(cli: Cli, file: string, options: VerifyOptions): Promise<void> {
  const { appraise, AttestationError, verifyEvidence } =
    await import('../../../attestation/index.ts')
  const { readEvidenceFile } = await import('../evidence-file.ts')
  const { workingDir } = cli.surroundings
  const nowMs = options.at ?? Date.now()
  const policy = await policyNamed(cli, options.policy)
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
  const { attestReport } = await import('../attest-report.ts')
  cli.print({ claims, appraisal }, () => attestReport(claims, appraisal, cli.terminal))
  const [worst] = appraisal.submods.flatMap(({ findings }) =>
    findings.filter(({ status }) => status === 'contraindicated'),
  )
  if (worst !== undefined) {
    const reason = `the evidence holds, but ${policy.id} gives it no credit`
    throw new AttestationError({ code: worst.code, reason })
  }
}

async function showPolicy(cli: Cli, name: string): Promise<void> {
  const { policyDigest } = await import('../../../attestation/index.ts')
  const policy = await policyNamed(cli, name)
  cli.print({ policy, digest: policyDigest(policy) }, () => [
    `${policy.id}  ${policyDigest(policy)}`,
    ...Object.entries(policy.reasons).flatMap(([path, reason]) => [
      `${path} = ${JSON.stringify(valueAt(policy, path))}`,
      `    ${reason}`,
    ]),
  ])
}

async function policyNamed(cli: Cli, name: string): Promise<Policy> {
  const { changedPolicy, PRODUCTION_POLICY, TEST_POLICY } =
    await import('../../../attestation/index.ts')
  if (name === 'production') return PRODUCTION_POLICY
  if (name === 'test') return TEST_POLICY
  const path = resolve(cli.surroundings.workingDir, name)
  const { extends: base, ...changes } = await jsonFile(path)
  if (base !== 'production' && base !== 'test') {
    const problem = '"extends" is neither production nor test'
    throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem })
  }
  return changedPolicy(base === 'test' ? TEST_POLICY : PRODUCTION_POLICY, changes)
}

/** Shipped roots, and those that were named on the command line, for every kind. */
async function anchorsWith(paths: readonly string[]): Promise<AnchorSet> {
  const { readCertificate, shippedAnchors, withRoots } =
    await import('../../../attestation/index.ts')
  const { readCertificateFile } = await import('../evidence-file.ts')
  let anchors = shippedAnchors()
  for (const path of paths) {
    const roots = (await readCertificateFile(path)).map((der) => {
      const certificate = readCertificate(der)
      return { name: certificate.commonName ?? certificate.spkiSha256.slice(0, 16), certificate }
    })
    // A root that was named is one of TPM vendors: those of all other kinds are shipped.
    anchors = withRoots(anchors, 'tpm', roots)
  }
  return anchors
}

async function jsonFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause })
  }
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below, like JSON of another form.
  }
  throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem: 'it holds no JSON object' })
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
