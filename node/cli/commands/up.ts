/**
 * `brume up`: runs the daemon in the foreground.
 *
 * @module
 */

import type { Command } from 'commander'
import type { RunningDaemon } from '../../daemon-types.ts'
import { bannerLines } from '../banner.ts'
import type { Cli } from '../cli.ts'
import { collected } from '../option-values.ts'

interface UpOptions {
  readonly set: readonly string[]
  readonly listenHost?: string
  readonly tcpPort?: string
  readonly apiPort?: string
  readonly logLevel?: string
  readonly mdns: boolean
}

export function addUp(program: Command, cli: Cli): void {
  program
    .command('up')
    .description('run the daemon in the foreground')
    .option('--listen-host <address>', 'address that other devices reach (network.listenHost)')
    .option('--tcp-port <port>', 'TCP port, 0 for any (network.tcpPort)')
    .option('--api-port <port>', 'port of the HTTP API, 0 for any (api.port)')
    .option('--log-level <level>', 'debug, info, warn, error or silent (telemetry.logLevel)')
    .option('--no-mdns', 'do not look for devices on the local network (network.mdns)')
    .option('--set <section.key=value>', 'any setting; may be repeated', collected, [])
    .action((options: UpOptions) => up(cli, options))
}

async function up(cli: Cli, options: UpOptions): Promise<void> {
  const { loadCliConfig, settingsOf } = await import('../cli-config.ts')
  const { config } = loadCliConfig(cli, { ...settingsOf(options.set), ...ownFlags(options) })
  const { createPinoLogger } = await import('../../telemetry/pino-logger.ts')

  const { logLevel: level, logFormat: format } = config.telemetry
  const log = createPinoLogger({
    level,
    format,
    ...(cli.options.color ? {} : { colour: false }),
  })
  const starting = new AbortController()
  let daemon: RunningDaemon | undefined
  const stopListening = cli.surroundings.onInterrupt(() => {
    cli.terminal.note('stopping (once more to stop at once)')
    starting.abort()
    // Its failure, if any, comes out of `stopped`.
    daemon?.stop().catch(() => undefined)
  })
  try {
    daemon = await cli.surroundings.runDaemon(config, { log, signal: starting.signal })
    // A request to stop may have come while the last part started.
    if (starting.signal.aborted) await daemon.stop()
    else announce(cli, daemon)
    const lonely = setTimeout(sayWhenAlone, ALONE_MS, cli, daemon)
    await daemon.stopped.finally(() => clearTimeout(lonely))
  } catch (error) {
    // A start that the owner called off is no failure.
    if (!starting.signal.aborted || daemon !== undefined) throw error
  } finally {
    stopListening()
  }
}

/** Time in which the devices of a mesh usually find one another again. */
const ALONE_MS = 60_000

/** Says what to do when no other device of the mesh has come, once. */
function sayWhenAlone(cli: Cli, daemon: RunningDaemon): void {
  const { mesh, network } = daemon.banner()
  if (mesh === undefined || mesh.connectedPeers > 0) return
  const address = network.addresses.find((each) => !each.includes('/127.')) ?? 'this device'
  cli.terminal.note(
    `no other device of mesh ${mesh.name} yet: run brume up there, see that a firewall lets ` +
      `${address} through, or add a device with brume invite`,
  )
}

function announce(cli: Cli, daemon: RunningDaemon): void {
  const facts = daemon.banner()
  cli.print({ daemon: facts }, () => bannerLines(facts))
}

/** Flags with a name of their own, as settings. */
function ownFlags(options: UpOptions): Record<string, string> {
  const flags = {
    'network.listenHost': options.listenHost,
    'network.tcpPort': options.tcpPort,
    'api.port': options.apiPort,
    'telemetry.logLevel': options.logLevel,
    'network.mdns': options.mdns ? undefined : 'false',
  }
  const given = Object.entries(flags).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as Record<string, string>
}
