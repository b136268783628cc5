/**
 * `brume limits`: the numbers that lending goes by, and what another template would allow now.
 *
 * @module
 */

import type { Command } from 'commander'
import { HARVEST_TEMPLATE_NAMES } from '../../../config/index.ts'
import type { LimitsView } from '../../api/schemas/harvest.ts'
import type { Cli } from '../cli.ts'
import { limitsLines } from '../lending-report.ts'
import { choiceOption } from '../option-values.ts'

export function addLimits(program: Command, cli: Cli): void {
  program
    .command('limits')
    .description('the numbers that lending goes by, and what they allow now')
    .addOption(
      choiceOption('--template <name>', 'what another template would say', HARVEST_TEMPLATE_NAMES),
    )
    .action((options: { readonly template?: string }) => showLimits(cli, options.template))
}

async function showLimits(cli: Cli, template: string | undefined): Promise<void> {
  const client = await cli.client()
  const query = template === undefined ? '' : `?template=${template}`
  const limits = await client.get<LimitsView>(`/v1/harvest/limits${query}`)
  cli.print({ limits }, () => limitsLines(limits, { nowMs: Date.now(), width: cli.width }))
}
