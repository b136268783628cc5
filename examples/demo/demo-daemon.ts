/**
 * One device of the demo: a real daemon in a process and a state folder of its own.
 *
 * @module
 */

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, open, readFile } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DaemonClient, type ApiAddress } from './client.ts'
import { DemoError } from './errors.ts'

/** Time for a first start, which measures the device, on a busy machine. */
const START_MS_MAX = 40_000

/** Time for a daemon to end by itself before it is killed. */
const STOP_MS_MAX = 8_000

/** How often the demo looks whether the daemon is up. */
const LOOK_MS = 50

const MAIN = fileURLToPath(new URL('../../node/main.ts', import.meta.url))

/** Only this machine, any free port, no announcements: the demo is not to meet a mesh outside it. */
const SETTINGS = {
  BRUME_NETWORK_LISTEN_HOST: '127.0.0.1',
  BRUME_NETWORK_TCP_PORT: '0',
  BRUME_NETWORK_WEB_SOCKET_PORT: '0',
  BRUME_NETWORK_MDNS: 'false',
  BRUME_API_PORT: '0',
  BRUME_TELEMETRY_LOG_FORMAT: 'json',
  // Who starts the demo lends this machine to it: its daemons do not give it back to the person at the
  // keyboard, to other programs, or to one another.
  BRUME_HARVEST_TEMPLATE: 'container',
  BRUME_HARVEST_PROBE_MS: '0',
  BRUME_HARVEST_BUSY_THROTTLE_PERCENT: '100',
  BRUME_HARVEST_PRESSURE_CPU_PERCENT: '100',
  BRUME_HARVEST_PRESSURE_MEMORY_PERCENT: '100',
  BRUME_HARVEST_PRESSURE_MEMORY_STOP_PERCENT: '100',
  BRUME_HARVEST_PRESSURE_IO_PERCENT: '100',
}

/** A running daemon that the demo started. */
export interface DemoDaemon {
  /** A letter, for people. */
  readonly label: string
  readonly stateDir: string
  readonly pid: number
  readonly client: DaemonClient
  readonly peer: string
  /** Short name of the device. */
  readonly name: string
  /** Ends the daemon, politely first. Resolves when the process is gone. */
  stop(): Promise<void>
  /** Lets this program end while the daemon goes on. */
  release(): void
}

/**
 * Starts a daemon with its state in `stateDir`; resolves when its API answers.
 *
 * @param label - A letter, for people.
 * @throws {DemoError} DEMO_DAEMON_FAILED when it ends or stays silent; nothing is left running then.
 */
export async function startDaemon(
  label: string,
  stateDir: string,
  signal: AbortSignal,
): Promise<DemoDaemon> {
  await mkdir(stateDir, { recursive: true, mode: 0o700 })
  const child = await spawnDaemon(stateDir)
  // Should this program break down, its daemons are still asked to end.
  const lastResort = (): void => void child.kill('SIGTERM')
  process.once('exit', lastResort)
  const release = (): void => {
    process.removeListener('exit', lastResort)
    child.unref()
  }
  const stop = async (): Promise<void> => {
    await end(child)
    process.removeListener('exit', lastResort)
  }
  try {
    const { pid } = child
    if (pid === undefined) throw failed(label, 'expected a process, got none')
    const address = await waitForApi({ label, stateDir, child }, signal)
    const client = await DaemonClient.fromAddress(address, signal)
    const { peer, name } = await client.status()
    return { label, stateDir, pid, client, peer, name, stop, release }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Where the log of a daemon with this state folder is. */
export function logFile(stateDir: string): string {
  return path.join(stateDir, 'daemon.log')
}

/** A daemon in a process group of its own, so that Ctrl-C reaches it only through its `stop`. */
async function spawnDaemon(stateDir: string): Promise<ChildProcess> {
  await using log = await open(logFile(stateDir), 'a', 0o600)
  const child = spawn(process.execPath, [MAIN, 'up', '--state-dir', stateDir], {
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
    env: { ...foreignEnvironment(), ...SETTINGS },
  })
  // A failure to start shows as a child without a pid.
  child.on('error', () => undefined)
  return child
}

/** The environment without settings of Brume: the user's own daemon is none of the demo's business. */
function foreignEnvironment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env)
  return Object.fromEntries(entries.filter(([name]) => !name.startsWith('BRUME_')))
}

interface SpawnedDaemon {
  readonly label: string
  readonly stateDir: string
  readonly child: ChildProcess
}

async function waitForApi(
  { label, stateDir, child }: SpawnedDaemon,
  signal: AbortSignal,
): Promise<ApiAddress> {
  for (let waitedMs = 0; waitedMs < START_MS_MAX; waitedMs += LOOK_MS) {
    signal.throwIfAborted()
    if (ended(child)) {
      throw failed(
        label,
        `expected a running daemon, got exit ${child.exitCode ?? child.signalCode}`,
      )
    }
    const address = await readAddress(path.join(stateDir, 'api.json'))
    if (address) return address
    await sleep(LOOK_MS, undefined, { signal })
  }
  throw failed(label, `expected an API within ${START_MS_MAX} ms, got none`)
}

async function readAddress(file: string): Promise<ApiAddress | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as ApiAddress
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || ended(child)) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX)
  await exited
  clearTimeout(killer)
}

function ended(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

function failed(device: string, problem: string): DemoError {
  return new DemoError(
    { code: 'DEMO_DAEMON_FAILED', device, problem },
    `daemon ${device}: ${problem}`,
  )
}
