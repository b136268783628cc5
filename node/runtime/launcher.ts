/**
 * How a child process is started so that it stays in the background and cannot take the machine.
 *
 * On Linux the work is done by small programs that set one thing and then become the next one
 * (`setpriv prlimit chrt ionice nice node`): what they set holds from the first instruction on
 * and for every thread, which a call from the daemon could not do.
 *
 * @module
 */

import { execFile } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { CHILD_HEAP_MIB_MAX } from './limits.ts'

/**
 * 'idle' takes only what nobody else wants; 'low' is last in its own session but shares with other
 * sessions, as every background program does; 'normal' competes.
 */
export type ProcessPriority = 'idle' | 'low' | 'normal'

/** Which of the wrapping programs work here. */
export interface Wrappers {
  readonly setpriv: boolean
  readonly prlimit: boolean
  readonly chrt: boolean
  readonly ionice: boolean
  readonly nice: boolean
  readonly taskpolicy: boolean
}

export const NO_WRAPPERS: Wrappers = {
  setpriv: false,
  prlimit: false,
  chrt: false,
  ionice: false,
  nice: false,
  taskpolicy: false,
}

/** Arguments of each wrapper, without the command that follows them. */
const WRAPPER_ARGUMENTS: Readonly<Record<keyof Wrappers, readonly string[]>> = {
  // The child dies with the daemon even in the middle of a run that never ends.
  setpriv: ['--pdeathsig', 'KILL'],
  prlimit: [],
  chrt: ['--idle', '0'],
  ionice: ['-c', '3'],
  nice: ['-n', '19'],
  // Background class of macOS: efficiency cores, throttled I/O.
  taskpolicy: ['-b'],
}

/** Tries each wrapper once. */
export async function detectWrappers(platform: NodeJS.Platform): Promise<Wrappers> {
  if (platform === 'win32') return NO_WRAPPERS
  const names = Object.keys(WRAPPER_ARGUMENTS) as (keyof Wrappers)[]
  const works = await Promise.all(names.map((name) => wrapperWorks(name, platform)))
  return Object.fromEntries(names.map((name, index) => [name, works[index]])) as unknown as Wrappers
}

async function wrapperWorks(name: keyof Wrappers, platform: NodeJS.Platform): Promise<boolean> {
  const home = name === 'taskpolicy' ? 'darwin' : 'linux'
  if (name !== 'nice' && platform !== home) return false
  try {
    await promisify(execFile)(name, [...WRAPPER_ARGUMENTS[name], 'true'], { timeout: 5000 })
    return true
  } catch {
    // Not installed, too old for the option, or forbidden: the child starts without it.
    return false
  }
}

export interface LaunchInit {
  /** Module to run, as a URL. */
  readonly entry: URL
  /** Arguments for the module. */
  readonly words?: readonly string[]
  readonly priority: ProcessPriority
  /** Bytes of private writable memory; unlimited when absent or where the system cannot limit them. */
  readonly dataBytesMax?: number
}

export interface Command {
  readonly file: string
  readonly arguments: readonly string[]
}

/** The command that starts `init.entry` under Node behind the wrappers that work here. */
export function launchCommand(init: LaunchInit, wrappers: Wrappers): Command {
  const words: string[] = []
  if (wrappers.setpriv) words.push('setpriv', ...WRAPPER_ARGUMENTS.setpriv)
  if (wrappers.prlimit && init.dataBytesMax !== undefined) {
    words.push('prlimit', `--data=${Math.ceil(init.dataBytesMax)}`)
  }
  if (init.priority !== 'normal') words.push(...backgroundWords(wrappers))
  const watch = wrappers.setpriv ? [] : ['--watch-parent']
  words.push(process.execPath, ...NODE_FLAGS, fileURLToPath(init.entry))
  words.push(...(init.words ?? []), ...watch)
  const [file = process.execPath, ...rest] = words
  return { file, arguments: rest }
}

/** The words before a command that has to stay in the background. */
export function backgroundWords(wrappers: Wrappers): readonly string[] {
  return (['chrt', 'ionice', 'taskpolicy', 'nice'] as const).flatMap((name) =>
    wrappers[name] ? [name, ...WRAPPER_ARGUMENTS[name]] : [],
  )
}

const NODE_FLAGS = [
  `--max-old-space-size=${CHILD_HEAP_MIB_MAX}`,
  // One thread for V8's own work: an executor's JavaScript only moves bytes.
  '--v8-pool-size=1',
  '--no-warnings',
]

/** Variables that drivers and loaders of accelerators need; all others are kept from children. */
const ENVIRONMENT_ALLOWED = [
  'VK_ICD_FILENAMES',
  'VK_DRIVER_FILES',
  'VK_LOADER_DEBUG',
  'LD_LIBRARY_PATH',
  'DYLD_LIBRARY_PATH',
  'CUDA_VISIBLE_DEVICES',
  'XDG_RUNTIME_DIR',
  // Windows starts no process without it.
  'SystemRoot',
]

/** The environment of a child process. */
export function childEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  cacheDir: string | undefined,
): Record<string, string> {
  const kept: Record<string, string> = { UV_THREADPOOL_SIZE: '1' }
  for (const name of ENVIRONMENT_ALLOWED) {
    const value = environment[name]
    if (value !== undefined) kept[name] = value
  }
  // Node keeps compiled modules there: a child starts in a quarter of the time.
  const compiledDir = cacheDir ?? environment['NODE_COMPILE_CACHE']
  if (compiledDir !== undefined) kept['NODE_COMPILE_CACHE'] = compiledDir
  // The wrappers are looked up by name.
  kept['PATH'] = environment['PATH'] ?? '/usr/bin:/bin'
  return kept
}

/** A module beside the one at `base`, with the extension that `base` runs with (source or build). */
export function siblingEntry(name: string, base: string): URL {
  return new URL(`./${name}${extname(base)}`, base)
}
