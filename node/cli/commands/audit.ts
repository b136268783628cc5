/**
 * `brume audit list` and `brume audit providers`: work of others that was run again.
 *
 * @module
 */

import type { Command } from 'commander'
import type { AuditListView } from '../../api/schemas/audits.ts'
import { auditedProviderLines, auditLines } from '../audit-report.ts'
import type { Cli } from '../cli.ts'

export function addAudit(program: Command, cli: Cli): void {
  const audit = program.command('audit').description('work of others that was run again')
  audit
    .command('list')
    .description('what was run again, by whom, and what came of it')
    .action(() => show(cli, auditLines))
  audit
    .command('providers')
    .description('how those who worked for this device fared, and how closely they are watched')
    .action(() => show(cli, auditedProviderLines))
}

async function show(
  cli: Cli,
  lines: (list: AuditListView, width?: number) => readonly string[],
): Promise<void> {
  const client = await cli.client()
  const list = await client.get<AuditListView>('/v1/audits')
  cli.print({ ...list }, () => lines(list, cli.width))
}
