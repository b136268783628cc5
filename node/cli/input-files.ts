/**
 * Reads the inputs of a job from files.
 *
 * `FILE.npy` is the only input of its model; `NAME=FILE.npy` one of several, and
 * a name that comes again begins the next run; `FILE.json` holds named tensors.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import type { Tensor } from '../../core/tensor.ts'
import { CliError } from './errors.ts'
import { decodeNpy } from './npy.ts'
import { inputsFromJson } from './tensor-json.ts'

export interface InputSources {
  readonly workingDir: string
  /** Names of the model's inputs, asked for only when a file does not say. */
  inputNames(): Promise<readonly string[]>
}

/**
 * The inputs that `words` name, one item for each run of the model.
 *
 * @throws {CliError} `CLI_INPUT_UNREADABLE` or `CLI_INPUT_INVALID`.
 */
export async function readInputs(
  words: readonly string[],
  sources: InputSources,
): Promise<readonly (readonly Tensor[])[]> {
  const items: (readonly Tensor[])[] = []
  let named: Tensor[] = []
  const closeItem = (): void => {
    if (named.length > 0) items.push(named)
    named = []
  }
  for (const word of words) {
    const { name, path } = splitWord(word, sources.workingDir)
    if (path.endsWith('.json')) {
      closeItem()
      items.push(...(await readJson(path)))
    } else if (name === undefined) {
      closeItem()
      items.push([await readNpy(path, await onlyName(path, sources))])
    } else {
      if (named.some((tensor) => tensor.name === name)) closeItem()
      named.push(await readNpy(path, name))
    }
  }
  closeItem()
  return items
}

function splitWord(word: string, workingDir: string): { name: string | undefined; path: string } {
  const match = /^([^=/\\]+)=(.+)$/.exec(word)
  return { name: match?.[1], path: resolve(workingDir, match?.[2] ?? word) }
}

async function onlyName(path: string, sources: InputSources): Promise<string> {
  const names = await sources.inputNames()
  const [name] = names
  if (name !== undefined && names.length === 1) return name
  const problem = `expected NAME=${path}, because the model has the inputs ${names.join(', ')}`
  throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem })
}

async function readNpy(path: string, name: string): Promise<Tensor> {
  const decoded = decodeNpy(await readBytes(path))
  if (decoded.type === 'value') return { name, ...decoded.value }
  throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem: decoded.reason })
}

async function readJson(path: string): Promise<readonly (readonly Tensor[])[]> {
  const inputs = inputsFromJson(parse(path, await readBytes(path)))
  if (typeof inputs !== 'string') return inputs
  throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem: inputs })
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    const problem = 'expected JSON, got something else'
    throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem }, { cause: error })
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause: error })
  }
}
