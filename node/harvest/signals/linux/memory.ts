/**
 * How much memory there is for whoever asks, from /proc/meminfo and the limit of a control group.
 *
 * @module
 */

import type { MemoryUse } from '../../signals.ts'
import type { HostFiles } from '../host-files.ts'

/** Undefined when `text` is not what /proc/meminfo holds. */
export function meminfo(text: string): MemoryUse | undefined {
  const kibibytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}:\\s+(\\d{1,13}) kB$`, 'm').exec(text)
    return found === null ? undefined : Number(found[1]) * 1024
  }
  const totalBytes = kibibytes('MemTotal')
  const availableBytes = kibibytes('MemAvailable')
  if (totalBytes === undefined || availableBytes === undefined || totalBytes === 0) return undefined
  return { totalBytes, availableBytes: Math.min(availableBytes, totalBytes) }
}

/** The memory of the machine, or of the control group (v2) that this process is in where that is less. */
export function memoryOf(files: HostFiles): MemoryUse | undefined {
  const machine = meminfo(files.again('proc', 'meminfo'))
  if (machine === undefined) return undefined
  const group = /^0::(\/.*)$/m.exec(files.maybe('proc', 'self/cgroup') ?? '')?.[1]
  if (group === undefined) return machine
  const limit = files.integer('sys', `fs/cgroup${group}/memory.max`)
  const used = files.integer('sys', `fs/cgroup${group}/memory.current`)
  if (limit === undefined || used === undefined || limit >= machine.totalBytes) return machine
  const leftBytes = Math.max(0, limit - used)
  return { totalBytes: limit, availableBytes: Math.min(machine.availableBytes, leftBytes) }
}
