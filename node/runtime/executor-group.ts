/**
 * A control group for executors, where this daemon may make one.
 *
 * Between control groups neither nice nor SCHED_IDLE counts, only weights: in a group of weight
 * `idle` executors take nothing from a program beside it. Groups are delegated to a service that
 * asks for it (`Delegate=yes`), and to the root of a container; elsewhere there is none, and the
 * session's nice value has to do. cgroup-v2.rst of the kernel, and cgroup-v1 for its processor part.
 *
 * @module
 */

import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'

export interface ExecutorGroupInit {
  /** Where control groups are. Default: /sys/fs/cgroup. */
  readonly root?: string
  /** Where /proc is. */
  readonly proc?: string
  /** Bytes beyond which the kernel takes memory back from executors first; unlimited when absent. */
  readonly memoryHighBytes?: number
}

const PREFIX = 'brume-executors-'

/** A folder of control groups, and how weights are said in it. */
interface Hierarchy {
  readonly parent: string
  readonly version: 1 | 2
}

export class ExecutorGroup implements Startable {
  readonly #logger: Logger
  readonly #init: ExecutorGroupInit
  #folder: string | undefined
  #parent: string | undefined

  constructor(logger: Logger, init: ExecutorGroupInit = {}) {
    this.#logger = logger
    this.#init = init
  }

  /** Makes the group; where that may not be, does nothing. */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    if (process.platform !== 'linux') return
    for (const hierarchy of await this.#hierarchies()) {
      if (this.#folder !== undefined) break
      this.#folder = await this.#make(hierarchy)
      this.#parent = hierarchy.parent
    }
    this.#logger.debug('control group of executors', { folder: this.#folder ?? 'none' })
  }

  /** Removes the group, which is empty once all executors have ended. */
  async stop(): Promise<void> {
    if (this.#folder !== undefined) await remove(this.#folder)
  }

  /** The group's folder; undefined where there is none. */
  get folder(): string | undefined {
    return this.#folder
  }

  /** Moves a process, and whatever it starts, into the group. False where there is none, or when it has ended. */
  async add(pid: number): Promise<boolean> {
    if (this.#folder === undefined) return false
    return set(this.#folder, 'cgroup.procs', `${pid}`)
  }

  /** Takes a process that is to end out again: on a busy machine it would have no time for that. */
  async release(pid: number): Promise<void> {
    if (this.#folder !== undefined && this.#parent !== undefined) {
      await set(this.#parent, 'cgroup.procs', `${pid}`)
    }
  }

  /** Where a group may be made: beside this process, in the tree that has the processor's weights. */
  async #hierarchies(): Promise<readonly Hierarchy[]> {
    const { root = '/sys/fs/cgroup', proc = '/proc' } = this.#init
    const own = await text(`${proc}/self/cgroup`)
    const unified = /^0::(\/.*)$/m.exec(own)?.[1]
    const processor = /^\d+:(?:[\w,]+,)?cpu(?:,[\w,]+)?:(\/.*)$/m.exec(own)?.[1]
    const found: Hierarchy[] = []
    if (unified !== undefined) found.push({ parent: join(root, unified), version: 2 })
    if (processor !== undefined) found.push({ parent: join(root, 'cpu', processor), version: 1 })
    return found
  }

  async #make({ parent, version }: Hierarchy): Promise<string | undefined> {
    const folder = join(parent, `${PREFIX}${process.pid}`)
    await removeLeftovers(parent)
    try {
      await mkdir(folder)
    } catch {
      // Not delegated, or not there: the usual case.
      return undefined
    }
    if (version === 2) await this.#offerProcessor(parent)
    const idle = await set(folder, 'cpu.idle', '1')
    const weight = version === 2 ? ['cpu.weight', '1'] : ['cpu.shares', '2']
    const light = idle || (await set(folder, weight[0] ?? '', weight[1] ?? ''))
    if (!light) {
      // Without the processor's part it would not do what it is for.
      await remove(folder)
      return undefined
    }
    const { memoryHighBytes } = this.#init
    if (memoryHighBytes !== undefined) await set(folder, 'memory.high', `${memoryHighBytes}`)
    return folder
  }

  /** A group that has processes of its own may not divide resources: the kernel refuses, and so be it. */
  async #offerProcessor(parent: string): Promise<void> {
    await set(parent, 'cgroup.subtree_control', '+cpu')
    await set(parent, 'cgroup.subtree_control', '+memory')
  }
}

/** Groups of daemons that were killed; those of running ones are not empty, or just made, and stay. */
async function removeLeftovers(parent: string): Promise<void> {
  let names: readonly string[]
  try {
    names = await readdir(parent)
  } catch {
    // There is no such tree: then there is nothing left over.
    return
  }
  for (const name of names) {
    if (!name.startsWith(PREFIX)) continue
    if (!isAlive(Number(name.slice(PREFIX.length)))) await remove(join(parent, name))
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

async function set(folder: string, name: string, value: string): Promise<boolean> {
  try {
    await writeFile(join(folder, name), value, { flag: 'r+' })
    return true
  } catch {
    // This kernel, or this group, has no such knob.
    return false
  }
}

async function remove(folder: string): Promise<void> {
  try {
    await rmdir(folder)
  } catch {
    // Something still runs in it: the next start removes it.
  }
}

async function text(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8')
  } catch {
    // Another system.
    return ''
  }
}
