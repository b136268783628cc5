/**
 * Reads what this machine is made of. Slow: the result is cached (see measure-device.ts).
 *
 * @module
 */

import { readdir } from 'node:fs/promises'
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import type { Accelerator, DeviceInventory } from './device-report.ts'

const MEBIBYTE = 2 ** 20

/** Longest text that is taken from the firmware, in characters. */
const LABEL_CHARACTERS_MAX = 48

/** Adapters that display but do not compute. */
const DISPLAY_ONLY = /basic display|virtio|bochs|cirrus|vmware|qxl|aspeed|matrox|hyper-v/i

/** Asks systeminformation; it runs tools of the operating system. */
export async function readInventory(): Promise<DeviceInventory> {
  // Loaded only when something has to be read: most starts have it in the cache.
  const { cpu, graphics, osInfo, system } = await import('systeminformation')
  const [machine, processor, adapters, os] = await Promise.all([
    system(),
    cpu(),
    graphics(),
    osInfo(),
  ])
  const processorName = label(`${processor.manufacturer} ${processor.brand}`) || processorModel()
  return {
    platform: platform(),
    arch: arch(),
    system: label(`${os.distro} ${os.release}`),
    // What a virtual machine calls itself tells nothing of the device.
    model: (!machine.virtual && label(`${machine.manufacturer} ${machine.model}`)) || processorName,
    processor: processorName,
    cores: availableParallelism(),
    memoryBytes: memoryBytes(),
    accelerators: adapters.controllers
      .filter(({ model, vendor }) => !DISPLAY_ONLY.test(`${vendor} ${model}`))
      .map(accelerator),
    virtual: machine.virtual,
  }
}

/** What is cheap to read and changes when the hardware does, or the part of it that is ours. */
export async function hardwareFacts(): Promise<readonly string[]> {
  const facts = [platform(), arch(), release(), processorModel()]
  return [...facts, `${availableParallelism()}`, `${memoryBytes()}`, ...(await graphicsCards())]
}

/** Memory of this machine, or of the container that it is. */
export function memoryBytes(): number {
  const constrained = process.constrainedMemory()
  const total = totalmem()
  return constrained > 0 && constrained < total ? constrained : total
}

async function graphicsCards(): Promise<readonly string[]> {
  try {
    const entries = await readdir('/sys/class/drm')
    return entries.filter((name) => /^(card|renderD)\d+$/.test(name)).toSorted()
  } catch {
    // Other systems have no such folder: there, a new card shows at the next refresh.
    return []
  }
}

function accelerator(adapter: {
  readonly vendor: string
  readonly model: string
  readonly name?: string
  readonly vram: number | null
  readonly vramDynamic: boolean
}): Accelerator {
  const name = label(adapter.name || `${adapter.vendor} ${adapter.model}`) || 'unknown adapter'
  const own = adapter.vramDynamic ? 0 : (adapter.vram ?? 0)
  return own > 0 ? { kind: 'gpu', name, memoryBytes: own * MEBIBYTE } : { kind: 'gpu', name }
}

function processorModel(): string {
  return label(cpus()[0]?.model ?? '') || 'unknown processor'
}

/** Firmware text for people: printable, single spaces, short, and not its usual placeholders. */
function label(text: string): string {
  const clean = text
    .replace(/[^\x20-\x7e]/g, '')
    .replace(/to be filled by o\.e\.m\.|default string|not specified/gi, '')
    .replace(/\s+/g, ' ')
    .trim()
  return clean.slice(0, LABEL_CHARACTERS_MAX)
}
