/**
 * Every `new` of harvest: what it looks at, what decides, and who obeys.
 *
 * @module
 */

import { availableParallelism, totalmem } from 'node:os'
import { type Config, harvestPolicy } from '../config/index.ts'
import type { Startable } from '../core/lifecycle.ts'
import type { Logger } from '../core/logger.ts'
import type { BulkGate } from './blobs/bulk-gate.ts'
import type { Foundation } from './compose.ts'
import { DayMeter } from './harvest/day-meter.ts'
import { deviceClass } from './harvest/device-class.ts'
import { Harvest } from './harvest/harvest.ts'
import { HarvestRecord } from './harvest/harvest-record.ts'
import type { Decision } from './harvest/index.ts'
import { OwnerWish } from './harvest/owner-wish.ts'
import { SleepDelay, takeSleepDelay } from './harvest/sleep-delay.ts'
import { sessionSocketPath } from './harvest/session/session-socket.ts'
import { runCommand } from './harvest/signals/command-output.ts'
import type { DeviceFacts } from './harvest/signals/device-facts.ts'
import { DeviceSignals } from './harvest/signals/device-signals.ts'
import { HostFiles } from './harvest/signals/host-files.ts'
import type { Lending } from './inference/lending.ts'
import { LentStages } from './inference/lent-stages.ts'
import type { StageHost } from './inference/stage-host.ts'
import type { StagePool } from './inference/stage-pool.ts'
import type { CountingNetwork } from './network/libp2p-network.ts'
import type { Presence } from './presence/presence.ts'
import type { JobBook } from './scheduler/jobs/job-book.ts'
import type { TextBook } from './scheduler/texts/text-book.ts'
import { systemClock } from './system/system-clock.ts'
import { systemRandom } from './system/system-random.ts'

export interface HarvestParts {
  readonly host: StageHost
  readonly pool: StagePool
  readonly lending: Lending
  readonly presence: Presence
  readonly network: CountingNetwork
  readonly bulk: BulkGate
  readonly jobs: JobBook
  readonly texts: TextBook
}

/** Time that the self-test of isolation watches, in ms. */
const ISOLATION_MS = 200

/** What must be known of harvest before its parts can be built. */
export async function harvestFoundation(
  { harvest }: Config,
  {
    log,
    model,
    stateDir,
  }: { readonly log: Logger; readonly model: string; readonly stateDir: string },
) {
  const { procRoot: proc, sysRoot: sys, devRoot: dev, runRoot: run } = harvest
  const files = new HostFiles({ proc, sys, dev, run })
  const detected = deviceClass(process.platform, model, files)
  const policy = harvestPolicy(harvest, detected)
  const { historyMs, traceBytesMax, template } = policy
  const header = { name: 'this device', template }
  const record = await HarvestRecord.fromFolder(log, {
    folder: stateDir,
    historyMs,
    traceBytesMax,
    header,
  })
  const wish = await OwnerWish.fromFolder(stateDir, log)
  return { files, detected, policy, record, wish }
}

export function composeHarvest(foundation: Foundation, parts: HarvestParts) {
  const { log, runtime, lending, stateDir } = foundation
  const { files, policy, record, wish } = lending
  const { platform } = process
  const lent = new LentStages({ logger: log.child('harvest'), ...parts })
  const signals = new DeviceSignals(
    { clock: systemClock, logger: log, onNews: () => harvest.wake() },
    {
      platform,
      facts: factsOf(foundation, parts, files),
      socketPath: sessionSocketPath(stateDir, platform),
    },
  )
  const offer = offering(foundation, parts.presence)
  const delay = new SleepDelay(platform === 'linux' ? takeSleepDelay : () => ({ release() {} }))
  const harvest: Harvest = new Harvest(
    {
      clock: systemClock,
      logger: log.child('harvest'),
      signals,
      wish,
      work: () => lent.work(),
      apply: (decision) => {
        lent.apply(decision)
        offer(decision)
        // What its owner wants of other devices is no loan of this one's network.
        parts.bulk.set(ownWork(parts) ? 1 : decision.levels.network)
        delay.follow(lent.work(), sleepPending(decision), decision.atMs)
      },
      record: (sample, decision) => record.add(sample, decision),
      measureIsolation: async (signal) => {
        const backgroundFraction = await runtime.measureIsolation(ISOLATION_MS, signal)
        return backgroundFraction === undefined ? undefined : { backgroundFraction }
      },
      zoneMinutes,
    },
    policy,
  )
  parts.host.onStages(() => harvest.wake())
  const part: Startable = {
    start: (signal) => harvest.start(signal),
    stop: async () => {
      await harvest.stop()
      delay.release()
      await record.stop()
      files.close()
    },
  }
  return { harvest, part }
}

function factsOf(
  { config, runtime, stateDir }: Foundation,
  { network }: HarvestParts,
  files: HostFiles,
): DeviceFacts {
  const traffic = new DayMeter(
    () => network.counters.linkBytes,
    () => new Date(systemClock.wallMs()).toDateString(),
  )
  return {
    files,
    run: runCommand,
    pid: process.pid,
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    stateDir,
    exclusiveApps: config.harvest.exclusiveApps.map((name) => name.toLowerCase()),
    ownPids: () => new Set([process.pid, ...runtime.executors.map(({ pid }) => pid)]),
    ownMs: () => runtime.computedMs + process.cpuUsage().user / 1000,
    bytesToday: () => traffic.today(),
  }
}

function ownWork({ jobs, texts }: Pick<HarvestParts, 'jobs' | 'texts'>): boolean {
  return jobs.counts().running > 0 || texts.running > 0
}

function sleepPending({ reasons }: Decision): boolean {
  return reasons.some(({ code }) => code === 'SLEEP_PENDING')
}

/** Minutes that local time is ahead of UTC. */
function zoneMinutes(wallMs: number): number {
  return -new Date(wallMs).getTimezoneOffset()
}

/** Says in the capability record what the device lends, and for how long likely, whenever that has changed. */
function offering(
  { report, lending }: Foundation,
  presence: Presence,
): (decision: Decision) => void {
  let said = ''
  const { memoryFreeBytes } = presence.capabilities()
  return (decision) => {
    const { offerQuarters, leaseMs, levels, wallMs } = decision
    const [five, fifteen, sixty] = lending.record.published(
      decision,
      zoneMinutes(wallMs),
      systemRandom,
    )
    const offered = {
      levelQuarters: offerQuarters,
      leaseMs,
      forecast: {
        staysFor5minQuarters: five,
        staysFor15minQuarters: fifteen,
        staysFor60minQuarters: sixty,
      },
      memoryFreeBytes: Math.min(memoryFreeBytes, levels.memory * report.memoryBytes),
    }
    const text = JSON.stringify(offered)
    if (text === said) return
    said = text
    presence.update(offered)
  }
}
