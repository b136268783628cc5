/**
 * The program `brume` itself: hands what surrounds the process to the command line.
 *
 * @module
 */

import { homedir } from 'node:os'
import { Terminal } from './cli/terminal.ts'
import { runCommandLine } from './cli/program.ts'

/** The first signal asks to stop; the second ends the process, whatever it is doing. */
function onInterrupt(listener: () => void): () => void {
  let asked = false
  const onSignal = (): void => {
    if (asked) process.exit(1)
    asked = true
    listener()
  }
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
  return () => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal)
}

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
