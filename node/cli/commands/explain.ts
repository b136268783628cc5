/**
 * `brume explain CODE`: what an error code means and what to do about it.
 *
 * @module
 */

import type { Command } from 'commander'
import { nearestName } from '../../../config/nearest.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'

export function addExplain(program: Command, cli: Cli): void {
  program
    .command('explain')
    .description('what an error code means and what to do about it')
    .argument('<code>', 'such as API_DAEMON_NOT_RUNNING')
    .action((code: string) => explain(cli, code))
}

async function explain(cli: Cli, given: string): Promise<void> {
  const { ERROR_CATALOGUE, errorRow } = await import('../../error-catalogue.ts')
  const name = given.toUpperCase()
  const row = errorRow(name)
  if (row === undefined) {
    const names = Object.keys(ERROR_CATALOGUE)
    const nearest = nearestName(name, names) ?? names.find((known) => known.includes(name))
    throw new CliError({
      code: 'CLI_CODE_UNKNOWN',
      name,
      ...(nearest === undefined ? {} : { nearest }),
    })
  }
  cli.print({ code: name, ...row }, () => [
    name,
    `  meaning  ${row.meaning}`,
    `  hint     ${row.hint}`,
    `  retry    ${row.retryable ? 'may help' : 'does not help without a change'}`,
    `  exit     ${row.exit}, HTTP ${row.status}`,
  ])
}
