/**
 * `brume model build mlp|decoder`: builds a model from a seed that any peer can repeat.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { operate } from '../follow-operation.ts'
import { choiceOption, wholeNumber } from '../option-values.ts'

/** Options that are not given are left to the daemon's defaults. */
type BuildOptions = Readonly<Record<string, string | number | boolean | readonly number[]>>

export function addModelBuild(model: Command, cli: Cli): void {
  const build = model.command('build').description('build a model from a seed')
  build
    .command('mlp')
    .description('a multilayer perceptron with 1 to 10 hidden layers')
    .option('--name <name>', 'a name for people')
    .option('--inputs <count>', 'units of the input', wholeNumber)
    .option('--hidden <counts>', 'units of the hidden layers, such as 256,256', wholeNumbers)
    .option('--outputs <count>', 'units of the output', wholeNumber)
    .addOption(
      choiceOption('--activation <name>', 'after each hidden layer', [
        'relu',
        'gelu',
        'tanh',
        'sigmoid',
      ]),
    )
    .option('--batch-norm', 'normalise before each activation')
    .option('--seed <number>', 'seed of the weights', wholeNumber)
    .action((options: BuildOptions) => buildModel(cli, 'mlp', options))
  build
    .command('decoder')
    .description('a Llama-style decoder')
    .option('--name <name>', 'a name for people')
    .option('--layers <count>', 'layers', wholeNumber)
    .option('--hidden <count>', 'width of the residual stream', wholeNumber)
    .option('--heads <count>', 'query heads', wholeNumber)
    .option('--kv-heads <count>', 'key and value heads', wholeNumber)
    .option('--head-size <count>', 'width of a head, a multiple of 8', wholeNumber)
    .option('--ffn <count>', 'width of the feed-forward blocks', wholeNumber)
    .option('--vocabulary <count>', 'tokens', wholeNumber)
    .option('--positions-max <count>', 'longest context', wholeNumber)
    .option('--rope-theta <number>', 'base of the rotary embedding', wholeNumber)
    .addOption(choiceOption('--quantisation <type>', 'form of the weights', ['f32', 'q8', 'q4']))
    .addOption(
      choiceOption('--past <kind>', 'none for one pass, cache to generate text', ['none', 'cache']),
    )
    .option('--seed <number>', 'seed of the weights', wholeNumber)
    .action((options: BuildOptions) => buildModel(cli, 'decoder', options))
}

function wholeNumbers(text: string): readonly number[] {
  return text.split(',').map(wholeNumber)
}

async function buildModel(cli: Cli, kind: string, options: BuildOptions): Promise<void> {
  await operate(cli, 'built', (client) => client.post('/v1/models/build', { kind, ...options }))
}
