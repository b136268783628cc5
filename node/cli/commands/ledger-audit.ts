/**
 * `brume ledger audit` and `evidence`: the ledgers of others.
 *
 * @module
 */

import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { fromBase64Url } from '../../../core/bytes.ts'
import { LedgerError } from '../../../ledger/index.ts'
import type { AuditView, EquivocationView, EvidenceList } from '../../api/schemas/ledger.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { auditLines, evidenceLines } from '../ledger-audit-report.ts'

interface AuditOptions {
  readonly out?: string
}

export function addLedgerAudit(ledger: Command, cli: Cli): void {
  ledger
    .command('audit')
    .description('check the ledger of another device against what its witnesses hold')
    .argument('<peer>', 'PeerId, as brume peers --json shows it')
    .option('--out <file>', 'where to write the proof of a fork')
    .action((peer: string, options: AuditOptions) => audit(cli, peer, options))
  ledger
    .command('evidence')
    .description('proofs that devices signed two histories or two answers')
    .action(() => evidence(cli))
}

async function audit(cli: Cli, peer: string, { out }: AuditOptions): Promise<void> {
  const client = await cli.client()
  const found = await cli.interruptible((signal) =>
    client.post<AuditView>('/v1/ledger/audits', { peer }, signal),
  )
  const [proof] = found.proofs
  if (out !== undefined && proof !== undefined) await writeProof(out, proof)
  cli.print({ audit: found }, () => auditLines(found, cli.width))
  if (found.verdict === 'ok') return
  throw new LedgerError(failureOf(found))
}

/** Exit codes are those of `brume ledger verify`. */
function failureOf({ verdict, problem }: AuditView): ConstructorParameters<typeof LedgerError>[0] {
  if (verdict === 'fork') {
    return { code: 'LEDGER_FORK_PROVEN', reason: 'expected one history, got proof of two' }
  }
  if (verdict === 'invalid') {
    const reason = problem?.reason ?? 'expected a ledger of this device'
    return { code: 'LEDGER_PROOF_INVALID', reason }
  }
  return { code: 'LEDGER_BUNDLE_TRUNCATED', reason: 'expected the whole ledger of the device' }
}

async function evidence(cli: Cli): Promise<void> {
  const client = await cli.client()
  const { proofs } = await client.get<EvidenceList>('/v1/ledger/evidence')
  cli.print({ proofs }, () => evidenceLines(proofs))
}

async function writeProof(path: string, { proof }: EquivocationView): Promise<void> {
  const bytes = fromBase64Url(proof)
  try {
    await writeFile(path, bytes ?? new Uint8Array())
  } catch (error) {
    throw new CliError({ code: 'CLI_OUTPUT_UNWRITABLE', path }, { cause: error })
  }
}
