/**
 * `brume model …`: import, list, show, verify, remove, fetch and build models.
 *
 * @module
 */

import { resolve } from 'node:path'
import type { Command } from 'commander'
import type {
  FetchRequest,
  ImportRequest,
  ModelDetail,
  ModelList,
  RemovedModel,
} from '../../api/schemas/models.ts'
import { isHubRef } from '../../hub/hub-ref.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { operate } from '../follow-operation.ts'
import { modelDetailLines, modelListLines } from '../model-report.ts'
import { choiceOption, collected, wholeNumber } from '../option-values.ts'
import { bytesText, shortId } from '../quantity-text.ts'
import { addModelBuild } from './model-build.ts'

type PullOptions = Omit<FetchRequest, 'source' | 'quantisation'> & Pick<ImportOptions, 'quantise'>

interface ImportOptions {
  readonly name?: string
  readonly licence?: string
  readonly dim: readonly string[]
  readonly past?: 'none' | 'cache'
  readonly quantise?: 'none' | 'q8' | 'q4'
}

export function addModel(program: Command, cli: Cli): void {
  const model = program.command('model').description('models of this device')
  decoderOptions(
    model
      .command('import')
      .description('import an ONNX, GGUF or safetensors model, told apart by what is in it')
      .argument(
        '<file>',
        'path of a .onnx, .gguf or .safetensors file, or of a folder with the last',
      )
      .option('--name <name>', 'a name for people; by default that of the file')
      .option(
        '--licence <name>',
        'licence of the weights, such as MIT; by default what the file says',
      )
      .option('--dim <name=size>', 'fix a symbolic dimension; may be repeated', collected, []),
  ).action((file: string, options: ImportOptions) => importModel(cli, file, options))
  model
    .command('list')
    .description('list models')
    .action(() => listModels(cli))
  model
    .command('show')
    .description('show a model: inputs, layers and the width of each cut')
    .argument('<model>', 'id or name')
    .action((ref: string) => showModel(cli, ref))
  model
    .command('verify')
    .description('check every byte of a model against its id')
    .argument('<model>', 'id or name')
    .action((ref: string) =>
      operate(cli, 'verified', (client) => client.post(`${modelPath(ref)}/verify`)),
    )
  addPull(model, cli)
  model
    .command('rm')
    .description('remove a model, and the weights that no other model uses')
    .argument('<model>', 'id or name')
    .action((ref: string) => removeModel(cli, ref))
  addModelBuild(model, cli)
}

/** How a decoder is imported, wherever it comes from. */
function decoderOptions(command: Command): Command {
  return command
    .addOption(
      choiceOption('--past <kind>', 'of a decoder: none for one pass, else it generates text', [
        'none',
        'cache',
      ]),
    )
    .addOption(
      choiceOption('--quantise <type>', 'round the plain numbers of a decoder', [
        'none',
        'q8',
        'q4',
      ]),
    )
}

function addPull(model: Command, cli: Cli): void {
  decoderOptions(
    model
      .command('pull')
      .description('fetch a model: missing parts from other devices, or all of it from a hub')
      .argument('<model>', 'id or name, or hf:OWNER/NAME[/FILE][@REVISION]')
      .option('--name <name>', 'of a model from a hub: a name for people')
      .option('--licence <name>', 'of a model from a hub: another than its page states')
      .option('--endpoint <url>', 'of a hub: a mirror; it is not given the token'),
  ).action((ref: string, options: PullOptions) => pullModel(cli, ref, options))
}

async function pullModel(cli: Cli, ref: string, options: PullOptions): Promise<void> {
  const { quantise, ...others } = options
  const given = { ...others, ...(quantise === undefined ? {} : { quantisation: quantise }) }
  if (isHubRef(ref)) {
    const request: FetchRequest = { source: ref, ...given }
    await operate(cli, 'fetched', (client) => client.post('/v1/models/pull', request))
    return
  }
  if (Object.keys(given).length > 0) {
    const problem = 'expected options only with a model of a hub, hf:OWNER/NAME'
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem })
  }
  await operate(cli, 'fetched', (client) => client.post(`${modelPath(ref)}/pull`))
}

function modelPath(ref: string): string {
  return `/v1/models/${encodeURIComponent(ref)}`
}

async function importModel(cli: Cli, file: string, options: ImportOptions): Promise<void> {
  const { name, licence, dim, past, quantise } = options
  const request: ImportRequest = {
    file: resolve(cli.surroundings.workingDir, file),
    ...(name === undefined ? {} : { name }),
    ...(licence === undefined ? {} : { licence }),
    ...(dim.length === 0 ? {} : { dims: dimsOf(dim) }),
    ...(past === undefined ? {} : { past }),
    ...(quantise === undefined ? {} : { quantisation: quantise }),
  }
  await operate(cli, 'imported', (client) => client.post('/v1/models/import', request))
}

function dimsOf(pairs: readonly string[]): Record<string, number> {
  const dims: Record<string, number> = {}
  for (const pair of pairs) {
    const [, name, size] = /^([^=]+)=(\d+)$/.exec(pair) ?? []
    if (name === undefined || size === undefined) {
      const problem = `expected --dim NAME=SIZE, got ${pair}`
      throw new CliError({ code: 'CLI_USAGE_INVALID', problem })
    }
    dims[name] = wholeNumber(size)
  }
  return dims
}

async function listModels(cli: Cli): Promise<void> {
  const client = await cli.client()
  const list = await client.get<ModelList>('/v1/models')
  cli.print(list, () => modelListLines(list, cli.width))
}

async function showModel(cli: Cli, ref: string): Promise<void> {
  const client = await cli.client()
  const model = await client.get<ModelDetail>(modelPath(ref))
  cli.print({ model }, () => modelDetailLines(model, cli.width))
}

async function removeModel(cli: Cli, ref: string): Promise<void> {
  const client = await cli.client()
  const removed = await client.delete<RemovedModel>(modelPath(ref))
  cli.print(
    { removed },
    () => `removed ${shortId(removed.id)}, ${bytesText(removed.freedBytes)} freed`,
  )
}
