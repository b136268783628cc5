/**
 * The command line as a whole: from words to an exit code.
 *
 * Only the command that is asked for is loaded, because most of the time of a
 * short command is loading. Help loads all of them.
 *
 * @module
 */

import { Command, CommanderError } from 'commander'
import { errorCode } from '../../core/errors.ts'
import { VERSION } from '../version.ts'
import { Cli, type CliSurroundings, type GlobalOptions } from './cli.ts'
import { CliError } from './errors.ts'
import { reportFailure } from './failure-report.ts'
import type { Terminal } from './terminal.ts'

type Add = (program: Command, cli: Cli) => void

/** Every command, by its first word, in the order of `--help`. */
const COMMANDS: Readonly<Record<string, () => Promise<Add>>> = {
  up: async () => (await import('./commands/up.ts')).addUp,
  status: async () => (await import('./commands/status.ts')).addStatus,
  wait: async () => (await import('./commands/wait.ts')).addWait,
  device: async () => (await import('./commands/device.ts')).addDevice,
  peers: async () => (await import('./commands/peers.ts')).addPeers,
  harvest: async () => (await import('./commands/harvest.ts')).addHarvest,
  pause: async () => (await import('./commands/wish.ts')).addPause,
  finish: async () => (await import('./commands/wish.ts')).addFinish,
  resume: async () => (await import('./commands/wish.ts')).addResume,
  limits: async () => (await import('./commands/limits.ts')).addLimits,
  doctor: async () => (await import('./commands/doctor.ts')).addDoctor,
  mesh: async () => (await import('./commands/mesh.ts')).addMesh,
  invite: async () => (await import('./commands/invite.ts')).addInvite,
  join: async () => (await import('./commands/join.ts')).addJoin,
  leave: async () => (await import('./commands/leave.ts')).addLeave,
  model: async () => (await import('./commands/model.ts')).addModel,
  plan: async () => (await import('./commands/plan.ts')).addPlan,
  run: async () => (await import('./commands/run.ts')).addRun,
  generate: async () => (await import('./commands/generate.ts')).addGenerate,
  job: async () => (await import('./commands/job.ts')).addJob,
  chat: async () => (await import('./commands/chat.ts')).addChat,
  text: async () => (await import('./commands/text.ts')).addText,
  ledger: async () => (await import('./commands/ledger.ts')).addLedger,
  audit: async () => (await import('./commands/audit.ts')).addAudit,
  trust: async () => (await import('./commands/trust.ts')).addTrust,
  attest: async () => (await import('./commands/attest.ts')).addAttest,
  config: async () => (await import('./commands/config.ts')).addConfig,
  explain: async () => (await import('./commands/explain.ts')).addExplain,
  paths: async () => (await import('./commands/paths.ts')).addPaths,
  'session-helper': async () => (await import('./commands/session-helper.ts')).addSessionHelper,
  version: async () => (await import('./commands/version.ts')).addVersion,
}

/** Exit code of a command line that makes no command. */
const USAGE_EXIT = 2

const EXAMPLES = `
Examples:
  brume up                                       run the daemon on this device
  brume mesh create home                         start a mesh, then: brume invite
  brume join CODE                                join it, on another device
  brume model import net.onnx                    a model of your own
  brume model build mlp --name net               or one to try things with
  brume plan net                                 where it would run, and why
  brume run net --input in.json --output out     run it, and keep what it gives
  brume generate novelist "Emma was"             words, from a model that generates
`

/** Does what `words` (without the names of the programs) ask for. Resolves to the exit code. */
export async function runCommandLine(
  words: readonly string[],
  surroundings: CliSurroundings,
): Promise<number> {
  const { terminal } = surroundings
  terminal.colour = !words.includes('--no-color')
  const program = newProgram(terminal)
  const cli = new Cli(surroundings, () => program.opts<GlobalOptions>())
  try {
    const named = words.filter((word) => Object.hasOwn(COMMANDS, word))
    if (named.length === 0 && bare(program, words)) {
      await welcome(cli)
      return 0
    }
    for (const name of named.length > 0 ? new Set(named) : Object.keys(COMMANDS)) {
      const add = await COMMANDS[name]?.()
      add?.(program, cli)
    }
    await program.parseAsync(words, { from: 'user' })
    return 0
  } catch (error) {
    if (!(error instanceof CommanderError)) return await reportFailure(terminal, error, cli.options)
    if (error.exitCode === 0) return 0
    // A group without a command, such as `brume model`: its help says it all.
    if (error.code === 'commander.help') return USAGE_EXIT
    return await reportFailure(terminal, usageError(program, words, error), cli.options)
  }
}

function newProgram(terminal: Terminal): Command {
  return (
    new Command('brume')
      .description('puts the idle time of ordinary devices to work')
      .version(VERSION, '--version')
      .option('--state-dir <dir>', 'folder of the daemon that is meant')
      .option('--config <file>', 'configuration file instead of brume.toml in the state folder')
      .option('--json', 'print JSON for programs')
      .option('--no-color', 'no colours')
      .addHelpText('after', EXAMPLES)
      // Commands inherit both of these when they are added.
      .exitOverride()
      .configureOutput({
        writeOut: (text) => void terminal.stdout.write(text),
        writeErr: (text) => void terminal.stderr.write(text),
        // Reported once, in the same form as every other failure.
        outputError: () => undefined,
      })
  )
}

/** True when there is nothing but global options. */
function bare(program: Command, words: readonly string[]): boolean {
  const { operands, unknown } = program.parseOptions([...words])
  return operands.length === 0 && unknown.length === 0
}

/** Bare `brume`: the status when a daemon runs, else what one would probably do now. */
async function welcome(cli: Cli): Promise<void> {
  try {
    const { showStatus } = await import('./commands/status.ts')
    await showStatus(cli)
  } catch (error) {
    if (errorCode(error) !== 'API_DAEMON_NOT_RUNNING') throw error
    cli.print({ status: null }, () => [
      'no daemon is running here. Try:',
      '  brume up           run one on this device',
      '  brume join CODE    then join a mesh with a code from brume invite',
      '  brume --help       all commands',
    ])
  }
}

/** Commander's complaint as ours, with the command that it is about. */
function usageError(program: Command, words: readonly string[], cause: CommanderError): CliError {
  const problem = cause.message
    .replace(/^error: /, '')
    .replaceAll(/\s*\n\s*/g, ' ')
    .replace(/ \(Did you mean (.*)\?\)$/, ', did you mean $1?')
    .replace(
      /^option '(?:-\w, )?(--[\w-]+).*' argument '([^]*)' is invalid\. ([^]*)$/,
      (_, flag: string, given: string, why: string) =>
        `${flag}: ${why.replace('Allowed choices are', 'expected one of').replace(/\.$/, '')}, got ${given}`,
    )
  const command = commandOf(program, words)
  return new CliError({ code: 'CLI_USAGE_INVALID', problem, command }, { cause })
}

/** The command that `words` begin with, as far as there is one: `brume mesh create`. */
function commandOf(program: Command, words: readonly string[]): string {
  const path = [program.name()]
  let group: Command | undefined = program
  for (const word of words) {
    const next: Command | undefined = group.commands.find((command) => command.name() === word)
    if (next === undefined) continue
    path.push(word)
    group = next
  }
  return path.join(' ')
}
