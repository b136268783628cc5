/**
 * How busy graphics processors are, from files of their drivers: amdgpu's gauges, and the times
 * that every DRM driver keeps for each client (Documentation/gpu/drm-usage-stats.rst).
 *
 * @module
 */

import type { GpuUse } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'

/** Cards, processes and open files that are looked at. */
const CARDS_MAX = 16
const CONNECTORS_MAX = 32
const PROCESSES_MAX = 8_192
const DESCRIPTORS_MAX = 1_024

/** Time between two searches for who has a card open, in ms: that looks at every open file. */
const SEARCH_MS = 30_000

/** One client of a graphics processor: who holds it open, and the time that it was given. */
export interface GpuClient {
  /** Address of the card on its bus. */
  readonly card: string
  /** Number of the client: one may have several descriptors. */
  readonly number: number
  /** Of the engine that it used most, in nanoseconds since it began. */
  readonly busyNs: number
}

/** Undefined when `text` of /proc/PID/fdinfo/FD is not of a graphics processor. */
export function gpuClient(text: string): GpuClient | undefined {
  const card = /^drm-pdev:\s*(\S{1,32})$/m.exec(text)?.[1] ?? ''
  const client = /^drm-client-id:\s*(\d{1,12})$/m.exec(text)?.[1]
  if (client === undefined) return undefined
  const engines = [...text.matchAll(/^drm-engine-(?!capacity)[\w-]{1,32}:\s*(\d{1,18}) ns$/gm)]
  const busyNs = Math.max(0, ...engines.map(([, ns]) => Number(ns)))
  return { card, number: Number(client), busyNs }
}

/** A descriptor of a card: who has it, and its number. */
type Descriptor = readonly [pid: number, descriptor: string]

/** Descriptors of cards that processes outside of `own` have. Only those that this one may look into. */
function cardDescriptors(files: HostFiles, own: ReadonlySet<number>): readonly Descriptor[] {
  const pids = files.names('proc', '').filter((name) => /^\d+$/.test(name))
  return pids
    .slice(0, PROCESSES_MAX)
    .map(Number)
    .filter((pid) => !own.has(pid))
    .flatMap((pid) =>
      files
        .names('proc', `${pid}/fd`)
        .slice(0, DESCRIPTORS_MAX)
        .filter((name) => files.link('proc', `${pid}/fd/${name}`)?.startsWith('/dev/dri/'))
        .map((name): Descriptor => [pid, name]),
    )
}

/** Looks again and again, and tells what others did with the cards between two looks. */
export class GpuGauge {
  readonly #files: HostFiles
  readonly #own: () => ReadonlySet<number>
  #last: { readonly atMs: number; readonly clients: ReadonlyMap<string, GpuClient> } | undefined
  #descriptors: readonly Descriptor[] = []
  #searchedMs = Number.NEGATIVE_INFINITY

  /** @param own - Processes that are ours. */
  constructor(files: HostFiles, own: () => ReadonlySet<number>) {
    this.#files = files
    this.#own = own
  }

  /** Cards with one of the drivers that tell; the first look knows of no time. */
  read(nowMs: number): readonly GpuUse[] {
    const names = this.#files.names('sys', 'class/drm').filter((name) => /^card\d+$/.test(name))
    if (names.length === 0) return []
    const clients = this.#clients(nowMs)
    const last = this.#last
    this.#last = { atMs: nowMs, clients }
    const elapsedMs = nowMs - (last?.atMs ?? nowMs)
    return names.slice(0, CARDS_MAX).flatMap((card) => {
      const address = this.#addressOf(card)
      if (address === undefined) return []
      const its = [...clients].filter(([, client]) => client.card === address)
      const shares = its.map(([id, { busyNs }]) => {
        const before = last?.clients.get(id)?.busyNs ?? busyNs
        return elapsedMs > 0 ? (busyNs - before) / 1e6 / elapsedMs : 0
      })
      return this.#use(card, Math.max(0, ...shares))
    })
  }

  #clients(nowMs: number): ReadonlyMap<string, GpuClient> {
    if (nowMs - this.#searchedMs >= SEARCH_MS) {
      this.#searchedMs = nowMs
      this.#descriptors = cardDescriptors(this.#files, this.#own())
    }
    const clients = this.#descriptors.flatMap(([pid, descriptor]) => {
      const client = gpuClient(this.#files.maybe('proc', `${pid}/fdinfo/${descriptor}`) ?? '')
      return client === undefined ? [] : [[`${client.card}/${client.number}`, client] as const]
    })
    return new Map(clients)
  }

  #addressOf(card: string): string | undefined {
    const text = this.#files.maybe('sys', `class/drm/${card}/device/uevent`) ?? ''
    return /^PCI_SLOT_NAME=(\S{1,32})$/m.exec(text)?.[1]
  }

  #use(card: string, clientShare: number): GpuUse {
    const folder = `class/drm/${card}/device`
    const percent = this.#files.integer('sys', `${folder}/gpu_busy_percent`)
    // The gauge counts ours too; where nothing of ours runs on the card it sees more than clients do.
    const gauge = this.#own().size <= 1 && percent !== undefined ? percent / 100 : 0
    return {
      name: card,
      busyByOthersFraction: Math.min(1, Math.max(clientShare, gauge)),
      usedByOthersBytes: this.#files.integer('sys', `${folder}/mem_info_vram_used`) ?? 0,
      totalBytes: this.#files.integer('sys', `${folder}/mem_info_vram_total`) ?? 0,
      display: this.#drives(card),
    }
  }

  /** True when one of its connectors has a display. */
  #drives(card: string): boolean {
    const connectors = this.#files
      .names('sys', 'class/drm')
      .filter((name) => name.startsWith(`${card}-`))
    return connectors
      .slice(0, CONNECTORS_MAX)
      .some((name) => this.#files.maybe('sys', `class/drm/${name}/status`)?.trim() === 'connected')
  }
}
