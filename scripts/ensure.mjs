/**
 * Runs a command of this repository after making sure that it can run.
 *
 * `node scripts/ensure.mjs [--system-packages] [--bundle] COMMAND [ARGUMENT …]` installs
 * the npm packages when they are missing or are not those of package-lock.json,
 * makes the bundle of the program when that is asked for and it is missing or old,
 * then runs COMMAND with node_modules/.bin first in PATH, where the right Node
 * stands. This is plain JavaScript because it runs on whatever Node the machine
 * has, from 18 on; everything else here is TypeScript on Node 24.
 *
 * @module
 */

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)))
const BIN = join(ROOT, 'node_modules', '.bin')
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP']
const WINDOWS = process.platform === 'win32'

const words = process.argv.slice(2)
const found = words.findIndex((word) => !word.startsWith('--'))
const wishes = found < 0 ? words : words.slice(0, found)
const [command, ...rest] = words.slice(wishes.length)

if (command === undefined) {
  say('expected a command, as in: node scripts/ensure.mjs vitest run')
  process.exit(2)
}

const reason = whyInstall()
if (reason !== undefined) install(reason)
if (wishes.includes('--system-packages')) {
  const { installSystemPackages } = await import('./system-packages.mjs')
  installSystemPackages(say)
}
if (wishes.includes('--bundle')) bundle()
run(command, rest)

/** Why the packages must be installed, or undefined when node_modules is what the lock file says. */
function whyInstall() {
  const wanted = packagesOf(join(ROOT, 'package-lock.json'))
  // npm writes down there what it has installed.
  const present = packagesOf(join(ROOT, 'node_modules', '.package-lock.json'))
  if (present === undefined) return 'node_modules is missing'
  for (const [path, { version, optional }] of Object.entries(wanted ?? {})) {
    if (path === '') continue
    // Optional packages are for other platforms, or were left out by choice.
    if (present[path] === undefined && optional === true) continue
    if (present[path]?.version !== version) return `${path} is not at ${version}`
  }
  const stray = Object.keys(present).find((path) => wanted?.[path] === undefined)
  return stray === undefined ? undefined : `${stray} is not in package-lock.json`
}

function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined
}

function install(why) {
  say(`${why}: installing (npm ci)`)
  const startMs = Date.now()
  // On Windows npm is a script, and only a shell runs scripts there.
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    shell: WINDOWS,
  })
  if (status !== 0) {
    say('npm ci failed: are the package registry and the disk all right?')
    process.exit(status ?? 1)
  }
  say(`installed in ${((Date.now() - startMs) / 1000).toFixed(1)} s`)
}

/** Without a bundle everything runs from the sources: slower, and larger in memory. */
function bundle() {
  const { status } = spawnSync('node', [join(ROOT, 'scripts', 'bundle.ts'), '--if-stale'], {
    cwd: ROOT,
    stdio: ['ignore', 2, 2],
    env: environment(),
    shell: WINDOWS,
  })
  if (status !== 0) say('the bundle could not be made: running from the sources')
}

function environment() {
  return { ...process.env, PATH: `${BIN}${delimiter}${process.env.PATH ?? ''}` }
}

function run(name, args) {
  const child = spawn(name, args, { stdio: 'inherit', env: environment(), shell: WINDOWS })
  const forward = (signal) => child.kill(signal)
  for (const signal of FORWARDED) process.on(signal, forward)
  child.on('error', (error) => {
    say(error.message)
    process.exit(127)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    // Ends the same way as the child, so that callers see the signal.
    for (const forwarded of FORWARDED) process.removeAllListeners(forwarded)
    process.kill(process.pid, signal)
  })
}

function say(text) {
  process.stderr.write(`brume: ${text}\n`)
}
