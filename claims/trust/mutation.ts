/**
 * A copy of the source with one mistake in it, and the checks that should notice.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'

/** What notices: seeds of a scenario, or the tests of a file. */
export type Check =
  | { readonly scenario: string; readonly seeds: number }
  | { readonly test: string }

/** One mistake. */
export interface Mutant {
  readonly mistake: string
  readonly path: string
  /** Stands in the file exactly once, and is replaced. */
  readonly find: string
  readonly replace: string
  readonly check: Check
}

/** Time of one check, in milliseconds: who does not end is noticed too. */
const CHECK_MS_MAX = 120_000
const OUTPUT_BYTES_MAX = 64 * 2 ** 20

/** A copy of everything that the checks need, without what is installed. */
export class MutatedSource {
  readonly #folder = mkdtempSync(join(tmpdir(), 'brume-mutants-'))

  constructor() {
    const rooms = ['core', 'config', 'protocols', 'ledger', 'models', 'attestation', 'trust']
    const others = ['node', 'simulations', 'scripts', 'test/fixtures', 'test/vectors']
    const files = ['package.json', 'tsconfig.json', 'vitest.config.ts']
    const tests = ['test/epoch-vectors.test.ts', 'test/trust-vectors.test.ts']
    for (const path of [...rooms, ...others, ...files, ...tests]) {
      mkdirSync(dirname(join(this.#folder, path)), { recursive: true })
      cpSync(path, join(this.#folder, path), { recursive: true })
    }
    symlinkSync(resolve('node_modules'), join(this.#folder, 'node_modules'))
  }

  /** Runs a check on the source with the mistake; true when it is noticed. */
  async notices({ path, find, replace, check }: Mutant, signal: AbortSignal): Promise<boolean> {
    const file = join(this.#folder, path)
    const text = readFileSync(file, 'utf8')
    const parts = text.split(find)
    if (parts.length !== 2) throw new Error(`expected once in ${path}: ${find}`)
    writeFileSync(file, parts.join(replace))
    const right = await this.passes(check, signal)
    writeFileSync(file, text)
    return !right
  }

  /** True when a check passes on the source as it is. */
  async passes(check: Check, signal: AbortSignal): Promise<boolean> {
    const words =
      'test' in check
        ? ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit', check.test]
        : scenarioWords(check.scenario, check.seeds)
    try {
      await promisify(execFile)(process.execPath, words, {
        cwd: this.#folder,
        signal,
        timeout: CHECK_MS_MAX,
        maxBuffer: OUTPUT_BYTES_MAX,
      })
      return true
    } catch (error) {
      // A check that fails exits with another code; that is what is asked here.
      if (signal.aborted) throw error
      return false
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function scenarioWords(scenario: string, seeds: number): readonly string[] {
  return ['simulations/main.ts', '--scenario', scenario, '--seeds', String(seeds), '--json']
}
