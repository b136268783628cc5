/**
 * The program `brume` itself: hands what surrounds the process to the command line.
 *
 * @module
 */

import { homedir } from 'node:os'
import { Terminal } from './cli/terminal.ts'
import { runCommandLine } from './cli/program.ts'

/**
 * The first signal asks to stop; the second ends the process, whatever it is doing.
 *
 * It asks to stop as well that nobody reads on, as in `brume generate … | head`.
 */
function onInterrupt(listener: () => void): () => void {
  let asked = false
  const ask = (): void => {
    if (asked) return
    asked = true
    listener()
  }
  const onSignal = (): void => {
    if (asked) process.exit(1)
    ask()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  process.stdout.on('error', ask)
  return () => {
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
    process.stdout.off('error', ask)
  }
}

// Without a listener the program would break down at its first word that nobody reads.
process.stdout.on('error', () => undefined)

const code = await runCommandLine(process.argv.slice(2), {
  env: process.env,
  platform: process.platform,
  homeDir: homedir(),
  workingDir: process.cwd(),
  terminal: new Terminal(process.stdout, process.stderr),
  stdin: () => process.stdin,
  onInterrupt,
  runDaemon: async (config, options) => (await import('./daemon.ts')).runDaemon(config, options),
})
// Only after what was written has left the process: pipes are asynchronous on some platforms.
process.stdout.write('', () => process.exit(code))
