/**
 * Makes dist/bundle: the program in few files, which start fast and take little memory.
 *
 * `node scripts/bundle.ts [--if-stale]`. Nothing in it is renamed or rearranged: stack
 * traces name the functions of the sources.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { type OutputChunk, rolldown } from 'rolldown'
import {
  bundlesDir,
  findBundle,
  latestFile,
  type LatestBundle,
  type SourceStamp,
  stampOf,
} from '../node/bundle.ts'
import { DAEMON_OPTIONS } from '../node/launch-program.ts'

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const BUNDLES = fileURLToPath(bundlesDir())

/** Programs by the name of their file, which find one another there, and what they load later. */
const ENTRIES = {
  'program-main': 'node/program-main.ts',
  'executor-main': 'node/runtime/executor-main.ts',
  'gpu-main': 'node/runtime/gpu-main.ts',
  'benchmark-main': 'node/device/benchmark-main.ts',
  'text-main': 'node/text/text-main.ts',
  daemon: 'node/daemon.ts',
}

/** Packages that load files of their own by where they lie. */
const EXTERNAL = ['onnxruntime-node', 'webgpu', 'classic-level', 'sodium-native']

/** Bundles that are kept, for daemons that still run from them. */
const KEPT = 3

if (!process.argv.includes('--if-stale') || findBundle() === undefined) await makeBundle()

async function makeBundle(): Promise<void> {
  const beganMs = Date.now()
  await using bundler = await rolldown({
    cwd: ROOT,
    input: ENTRIES,
    external: EXTERNAL,
    platform: 'node',
  })
  const { output } = await bundler.generate({
    format: 'esm',
    comments: false,
    chunkFileNames: '[name]-[hash].js',
    minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
  })
  const chunks = output.filter((file) => file.type === 'chunk')
  const folder = writeChunks(chunks)
  warmCache(join(BUNDLES, folder))
  const latest: LatestBundle = { folder, sources: stampsOf(chunks, beganMs) }
  const unfinished = `${fileURLToPath(latestFile())}.${process.pid}`
  writeFileSync(unfinished, JSON.stringify(latest))
  renameSync(unfinished, latestFile())
  removeOld()
  process.stderr.write(`brume: bundled in ${Date.now() - beganMs} ms\n`)
}

/** @returns the name of the folder, which says what is in it. */
function writeChunks(chunks: readonly OutputChunk[]): string {
  const files = chunks.map(({ fileName, code }) => [fileName, asciiOnly(code)] as const)
  const folder = createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 16)
  const dir = join(BUNDLES, folder)
  mkdirSync(dir, { recursive: true })
  for (const [name, code] of files) writeFileSync(join(dir, name), code)
  return folder
}

/** One letter beyond ASCII makes V8 keep two bytes for each letter of a file of megabytes. */
function asciiOnly(code: string): string {
  return code.replaceAll(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Our own sources, and the lock file for those of others. */
function stampsOf(chunks: readonly OutputChunk[], beganMs: number): Record<string, SourceStamp> {
  const own = chunks
    .flatMap(({ moduleIds }) => moduleIds)
    .filter((id) => isAbsolute(id) && !id.includes('node_modules'))
    .map((id) => relative(ROOT, id).replaceAll('\\', '/'))
  const stamps: Record<string, SourceStamp> = {}
  for (const path of ['package-lock.json', 'scripts/bundle.ts', ...own.toSorted()]) {
    const stamp = stampOf(path)
    if (stamp === undefined) continue
    const [sizeBytes, changedMs] = stamp
    // Changed while we read: whichever text it was, the bundle is not of the latest.
    stamps[path] = [sizeBytes, changedMs < beganMs ? changedMs : 0]
  }
  return stamps
}

/** Loads everything once with the options of a daemon, which belong to what Node has compiled. */
function warmCache(dir: string): void {
  const load = ['daemon.js', 'program-main.js'].map(
    (name) => `await import(${JSON.stringify(pathToFileURL(join(dir, name)).href)})`,
  )
  const { status } = spawnSync(
    process.execPath,
    [...DAEMON_OPTIONS, '--input-type=module', '--eval', load.join('\n'), 'up', '--help'],
    { env: { ...process.env, NODE_COMPILE_CACHE: join(dir, 'cache') }, stdio: 'ignore' },
  )
  if (status !== 0) throw new Error(`expected a bundle that runs, got exit code ${status}`)
}

function removeOld(): void {
  const folders = readdirSync(BUNDLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(BUNDLES, name))
    .toSorted((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)
  for (const dir of folders.slice(KEPT)) rmSync(dir, { recursive: true, force: true })
}
