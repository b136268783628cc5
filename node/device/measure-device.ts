/**
 * Finds out once what this device is and how fast, and remembers it for as long as the hardware stays.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readFile, statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { utf8 } from '../../core/bytes.ts'
import { writeFileAtomic } from '../storage/atomic-file.ts'
import { type BenchmarkComponents, runBenchmark } from './benchmark.ts'
import type { Benchmark, DeviceInventory, DeviceReport, ProviderFinding } from './device-report.ts'
import { hardwareFacts, readInventory } from './inventory.ts'

/** Another number when what is measured, or how, changes: older caches are then measured anew. */
const CACHE_VERSION = 1

const CACHE_FILE = 'device.json'

export interface MeasureComponents extends BenchmarkComponents {
  /** What the runtime can use here. */
  readonly providers?: () => Promise<readonly ProviderFinding[]>
}

export interface MeasureInit {
  /** Folder of the cache, and of the scratch file that storage is measured with. */
  readonly directory: string
  /** False to leave speeds unknown unless they are in the cache. */
  readonly benchmark: boolean
  /** Time for each of the measured quantities, in ms. Default 250. */
  readonly eachMs?: number
  /** True to measure although the cache would do. */
  readonly refresh: boolean
}

interface CachedDevice {
  readonly version: number
  readonly fingerprint: string
  readonly inventory: DeviceInventory
  readonly benchmark: Benchmark | null
}

/**
 * What this device is. Without a fitting cache this takes up to three seconds, else a few
 * milliseconds and whatever `components.providers` takes. A benchmark that fails leaves
 * the speeds unknown: a device that cannot be measured can still submit jobs.
 */
export async function measureDevice(
  components: MeasureComponents,
  init: MeasureInit,
  signal: AbortSignal,
): Promise<DeviceReport> {
  const fingerprint = await readFingerprint()
  const known = init.refresh ? undefined : await readCache(init.directory, fingerprint)
  const [device, providers] = await Promise.all([
    completed(known, components, { init, fingerprint, signal }),
    components.providers?.() ?? [],
  ])
  if (device !== known) await keep(components, init.directory, device)
  return {
    ...device.inventory,
    memoryFreeBytes: process.availableMemory(),
    diskFreeBytes: await diskFreeBytes(init.directory),
    providers,
    benchmark: device.benchmark ?? undefined,
    cached: device === known,
    fingerprint,
  }
}

/** `known` when it has all that is wanted, else with the rest measured now. */
async function completed(
  known: CachedDevice | undefined,
  components: MeasureComponents,
  context: {
    readonly init: MeasureInit
    readonly fingerprint: string
    readonly signal: AbortSignal
  },
): Promise<CachedDevice> {
  const { init, fingerprint, signal } = context
  const unmeasured = known === undefined || known.benchmark === null
  if (known !== undefined && !(unmeasured && init.benchmark)) return known
  const [inventory, benchmark] = await Promise.all([
    known?.inventory ?? readInventory(),
    init.benchmark ? benchmarkOrNothing(components, init, signal) : undefined,
  ])
  return { version: CACHE_VERSION, fingerprint, inventory, benchmark: benchmark ?? null }
}

async function benchmarkOrNothing(
  components: MeasureComponents,
  init: MeasureInit,
  signal: AbortSignal,
): Promise<Benchmark | undefined> {
  try {
    return await runBenchmark(components, init, signal)
  } catch (error) {
    signal.throwIfAborted()
    components.logger.warn('device not measured', { error })
    return undefined
  }
}

async function readFingerprint(): Promise<string> {
  const facts = [`${CACHE_VERSION}`, ...(await hardwareFacts())]
  return createHash('sha256').update(facts.join('\0')).digest('hex').slice(0, 16)
}

async function readCache(
  directory: string,
  fingerprint: string,
): Promise<CachedDevice | undefined> {
  try {
    const cached = JSON.parse(await readFile(join(directory, CACHE_FILE), 'utf8')) as CachedDevice
    const fits = cached.version === CACHE_VERSION && cached.fingerprint === fingerprint
    return fits ? cached : undefined
  } catch {
    // No cache, or none that can be read: the device is measured, and the cache replaced.
    return undefined
  }
}

async function keep(
  { logger }: MeasureComponents,
  directory: string,
  device: CachedDevice,
): Promise<void> {
  try {
    const text = `${JSON.stringify(device, undefined, 2)}\n`
    await writeFileAtomic(join(directory, CACHE_FILE), utf8(text))
  } catch (error) {
    // The next start measures again: no reason not to run now.
    logger.warn('measurement not kept', { error })
  }
}

async function diskFreeBytes(directory: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(directory)
    return bavail * bsize
  } catch {
    // Some file systems do not tell: nothing is promised then.
    return 0
  }
}
