/**
 * Runs the program from the bundle when there is a fresh one, and a daemon with small memory.
 *
 * Measured, with reasons: docs/adr/0005-daemon-process.md.
 *
 * @module
 */

import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import { findBundle } from './bundle.ts'

/** Options of Node for a daemon, which idles for most of its life. */
export const DAEMON_OPTIONS: readonly string[] = [
  // New objects in 4 MiB instead of up to 128, which fill up before anything is cleared away.
  '--max-semi-space-size=2',
  // Code that is seldom run is dropped, and memory given back, sooner.
  '--optimize-for-size',
  // One thread for V8's own work.
  '--v8-pool-size=1',
  // Machine code is made only of what runs often, as it does under load: by default of all that an idle
  // device has done for a while, which takes memory for the code, the compilers and their work.
  '--no-sparkplug',
  '--invocation-count-for-turbofan=30000',
]

/** Variables for the C library and Node, for a daemon. */
function daemonEnvironment(cacheDir: string | undefined): NodeJS.ProcessEnv {
  return {
    ...process.env,
    // Each thread else has a heap of its own, from which little goes back to the system.
    MALLOC_ARENA_MAX: '1',
    ...(cacheDir === undefined ? {} : { NODE_COMPILE_CACHE: cacheDir }),
  }
}

/** @param init - `programFile` is what runs where there is no fresh bundle. */
export async function launchProgram(init: { readonly programFile: URL }): Promise<void> {
  const bundle = findBundle()
  const program = bundle?.program ?? init.programFile
  const words = process.argv.slice(2)
  if (words.includes('up') && process.execve !== undefined && process.platform !== 'win32') {
    // Takes the place of this process: its id, its streams and its parent stay.
    process.execve(
      process.execPath,
      [process.execPath, ...process.execArgv, ...DAEMON_OPTIONS, fileURLToPath(program), ...words],
      daemonEnvironment(bundle?.cacheDir),
    )
  }
  if (bundle !== undefined) enableCompileCache(bundle.cacheDir)
  await import(program.href)
}
