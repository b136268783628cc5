/**
 * A whole daemon: what it rests on, then its parts in order, then until it stops.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { stateDirDefault, type Config } from '../config/index.ts'
import { startAll } from '../core/lifecycle.ts'
import type { Logger } from '../core/logger.ts'
import { harvestFoundation } from './compose-harvest.ts'
import { compose, type Foundation, type Parts } from './compose.ts'
import type { BannerFacts, DaemonOptions, RunningDaemon } from './daemon-types.ts'
import type { DeviceReport } from './device/device-report.ts'
import { measureDevice } from './device/measure-device.ts'
import { deviceName } from './device-name.ts'
import { deviceClass } from './runtime/device-class.ts'
import { ExecutorGroup } from './runtime/executor-group.ts'
import { Runtime } from './runtime/runtime.ts'
import { IDENTITY_FILE, loadOrCreateIdentity } from './storage/identity.ts'
import { openStateDir } from './storage/state-dir.ts'
import { StateStore } from './storage/state-store.ts'
import { systemClock } from './system/system-clock.ts'
import { VERSION } from './version.ts'

/** How long a daemon that stops waits for its jobs and for stages to move, in ms. */
const DRAIN_MS_MAX = 10_000

/** Blobs that no model needs are collected at the start when they are older than this, in ms. */
const GARBAGE_MS = 3_600_000

/**
 * Starts a daemon. Its parts run until `stop` of the result is called.
 *
 * @throws {CodedError} whatever keeps a part from starting; nothing is left behind then.
 */
export async function runDaemon(config: Config, options: DaemonOptions): Promise<RunningDaemon> {
  const { log, signal } = options
  const beganMs = systemClock.monotonicMs()
  await using stack = new AsyncDisposableStack()
  const stopped = Promise.withResolvers<void>()
  // Whoever waits for the end is told; while the daemon starts, nobody does.
  stopped.promise.catch(() => undefined)
  const foundation = { ...(await lay(config, options, stack)), fail: stopped.reject }
  const parts = compose(foundation)
  const started = stack.use(await startAll(parts.startables, signal))
  parts.source.announce()
  await parts.blobs.collect({ keep: parts.catalogue.referenced(), graceMs: GARBAGE_MS })
  void announceProviders(foundation, parts)
  void announceTier(parts)
  void announceClass(foundation, parts, signal)
  const readyMs = Math.round(systemClock.monotonicMs() - beganMs)
  log.info('ready', { peer: foundation.identity.peer, readyMs })
  const life = stack.move()
  let stopping: Promise<void> | undefined
  const stop = async (): Promise<void> => {
    parts.draining = true
    await drain(parts, log)
    await started.disposeAsync()
    await life.disposeAsync()
  }
  return {
    peer: foundation.identity.peer,
    apiUrl: parts.api.url,
    banner: () => banner(foundation, parts, readyMs),
    stopped: stopped.promise,
    stop: () => {
      stopping ??= stop().then(stopped.resolve, stopped.reject)
      return stopping.then(() => stopped.promise)
    },
  }
}

/** Everything that the parts rest on, each undone with `stack`. */
async function lay(
  config: Config,
  { log, signal }: DaemonOptions,
  stack: AsyncDisposableStack,
): Promise<Omit<Foundation, 'fail'>> {
  const startedMs = Math.round(systemClock.wallMs())
  const folder = await openStateDir(
    config.state.dir === ''
      ? stateDirDefault({ ...process, homeDir: homedir() })
      : config.state.dir,
  )
  stack.defer(() => folder.release())
  const newIdentity = !existsSync(join(folder.path, IDENTITY_FILE))
  const identity = await loadOrCreateIdentity(folder.path)
  const state = new StateStore({ path: join(folder.path, 'state') })
  const group = new ExecutorGroup(log)
  const runtime = new Runtime(
    { logger: log, clock: systemClock },
    {
      priority: config.runtime.priority,
      group,
      executorsMax: 64,
      toolMemoryBytesMax: config.runtime.executorMemoryBytes,
      toolMsMax: config.runtime.loadDeadlineMs,
      cacheDir: join(folder.path, 'cache'),
    },
  )
  stack.use(await startAll([state, group, runtime], signal))
  const measure = (refresh: boolean): Promise<DeviceReport> =>
    measureDevice(
      { gemm: () => runtime.measureGemm(), providers: atStart, clock: systemClock, logger: log },
      { directory: folder.path, benchmark: config.presence.benchmark, refresh },
      signal,
    )
  const report = await measure(false)
  const { model } = report
  const lending = await harvestFoundation(config, { log, model, stateDir: folder.path })
  return {
    config,
    log,
    identity,
    newIdentity,
    state,
    runtime,
    report,
    lending,
    measure,
    startedMs,
    stateDir: folder.path,
  }
}

/** What every device has: the rest is looked for after the start. */
async function atStart(): Promise<DeviceReport['providers']> {
  return [{ name: 'cpu', available: true }]
}

/** Accelerators are looked for after the start: asking a GPU takes longer than everything else. */
async function announceProviders({ runtime, log }: Foundation, { presence }: Parts): Promise<void> {
  try {
    const reports = await runtime.providers()
    presence.update({
      providers: reports.filter(({ available }) => available).map(({ name }) => name),
    })
    const gpu = reports.find(({ name, available }) => name === 'webgpu' && available)
    // A software adapter is no accelerator: measuring it would only cost the processor's time.
    if (gpu === undefined || gpu.software === true) return
    const answer = await runtime.gpu('benchmark')
    if (answer.type === 'none' || answer.benchmark === undefined) return
    const { speeds } = presence.capabilities()
    const gpuF32MflopsPerS = Math.round(answer.benchmark.gflopsPerS * 1000)
    presence.update({ speeds: { ...speeds, gpuF32MflopsPerS } })
  } catch (error) {
    // A device whose accelerators cannot be asked still has its processor.
    log.debug('providers not found out', { error })
  }
}

/** Says what others may find if they ask: a slow TPM takes some seconds to answer. */
async function announceTier({ presence, attestation }: Parts): Promise<void> {
  const { tier } = await attestation.offered()
  if (tier !== 'self') presence.update({ tier })
}

/**
 * Says in which numeric class texts are computed here, for whoever looks for a device to take over from
 * another. A device that is not measured, or whose owner lets stages use an accelerator only, says nothing.
 */
async function announceClass(
  { config, runtime, state, log }: Foundation,
  { presence }: Parts,
  signal: AbortSignal,
): Promise<void> {
  const { provider } = config.runtime
  if (!config.presence.benchmark || (provider !== 'auto' && provider !== 'cpu')) return
  try {
    const numericClass = await deviceClass({ runtime, store: state, logger: log }, signal)
    presence.update({ numericClass })
  } catch (error) {
    // Its stages are proved one by one all the same.
    log.debug('numeric class not found out', { error })
  }
}

/** Lets jobs end and stages move, for a while. */
async function drain({ host, jobs, texts }: Parts, log: Logger): Promise<void> {
  host.leave('stopping', DRAIN_MS_MAX)
  const endMs = systemClock.monotonicMs() + DRAIN_MS_MAX
  const never = new AbortController().signal
  while (systemClock.monotonicMs() < endMs) {
    const others = host.stages.length
    const own = jobs.counts().running + texts.running
    if (others === 0 && own === 0) return
    await systemClock.sleep(50, never)
  }
  log.warn('stopped before all work had ended', { stages: host.stages.length })
}

function banner(
  foundation: Foundation,
  { network, mesh, api }: Parts,
  readyMs: number,
): BannerFacts {
  const { config, report, identity, stateDir } = foundation
  const { benchmark } = report
  const view = mesh.current()
  return {
    version: VERSION,
    name: deviceName(identity.peer),
    peer: identity.peer,
    newIdentity: foundation.newIdentity,
    device: {
      model: report.model,
      cores: report.cores,
      memoryBytes: report.memoryBytes,
      accelerators: report.accelerators.map(({ name }) => name),
      providers: ['cpu'],
    },
    ...(benchmark === undefined
      ? {}
      : {
          benchmark: {
            int8Gops: benchmark.int8MopsPerS / 1000,
            f32Gflops: benchmark.f32MflopsPerS / 1000,
            storageBytesPerSecond: benchmark.storageWriteMBPerS * 1e6,
            ...(report.cached ? {} : { tookMs: benchmark.tookMs }),
          },
        }),
    limits: {
      executorMemoryBytes: config.runtime.executorMemoryBytes,
      storeBytesMax: config.models.storeBytesMax,
    },
    network: { mdns: config.network.mdns, addresses: network.addresses() },
    ...(view === undefined
      ? {}
      : { mesh: { name: view.name, connectedPeers: network.peers().length } }),
    apiUrl: api.url,
    keyFile: join(stateDir, 'api.key'),
    readyMs,
  }
}
