/**
 * `brume harvest`: when this device is lent, and why not.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { choiceOption, collected, numberWithin } from '../option-values.ts'
import { addLending } from './lending.ts'

export function addHarvest(program: Command, cli: Cli): void {
  const harvest = program
    .command('harvest')
    .description('when this device is lent, how much of it, and why not')
  addLending(harvest, cli)
  addSimulate(harvest, cli)
}

/** Scenes of node/harvest/traces, said again here so that help loads no replay. */
const SCENES = ['office', 'evening', 'gamer', 'server', 'laptop', 'sbc'] as const

const EXAMPLES = `
Examples:
  brume harvest simulate                              a day at an office, and what others would do
  brume harvest simulate --scene laptop --days 7      a week of a laptop
  brume harvest simulate --template night-only        the same day under other numbers
  brume harvest simulate --set harvest.cpuAwayMs=10m  and with one number changed
  brume harvest simulate --last                       the last 24 hours of this device
  brume harvest simulate trace.jsonl                  or any trace that was recorded
`

function addSimulate(harvest: Command, cli: Cli): void {
  harvest
    .command('simulate')
    .description('replay a day under a policy, beside what other programs do; needs no daemon')
    .argument('[trace]', 'a trace that was recorded; without it one is generated')
    .option('--last', 'what the daemon of this device recorded in the last 24 hours')
    .addOption(choiceOption('--scene <name>', 'which day is generated', SCENES).default('office'))
    .option('--days <count>', 'how many days of it', numberWithin(1, 28), 1)
    .option('--seed <number>', 'another draw of the same habits', numberWithin(0, 2 ** 31 - 1), 1)
    .option('--template <name>', 'numbers of a kind of device, in place of that of the trace')
    .option('--set <section.key=value>', 'as with brume up; may be repeated', collected, [])
    .option('--write <file>', 'write the trace as it was replayed')
    .addHelpText('after', EXAMPLES)
    .action(async (file: string | undefined, options: SimulateOptions) => {
      const { simulate } = await import('./harvest-simulate.ts')
      await simulate(cli, file, options)
    })
}

export interface SimulateOptions {
  readonly last?: boolean
  readonly scene: (typeof SCENES)[number]
  readonly days: number
  readonly seed: number
  readonly template?: string
  readonly set: readonly string[]
  readonly write?: string
}
