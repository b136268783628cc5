/**
 * Programs that are kept running because they tell by themselves what has changed.
 *
 * @module
 */

import type { Startable } from '../../../core/lifecycle.ts'
import { CommandLines } from './command-lines.ts'
import type { DeviceFacts } from './device-facts.ts'
import { LOGIND_MONITOR, sleepAnnouncement, SYSTEM_BUS } from './linux/logind.ts'
import { NvidiaCards } from './nvidia-cards.ts'
import { NVIDIA_DMON, NVIDIA_PMON } from './nvidia-smi.ts'
import type { SignalValues } from './source.ts'
import { WINDOWS_COMMAND, windowsState } from './windows/system-script.ts'

/** Where they tell it. */
export interface StreamListener {
  readonly nowMs: () => number
  readonly told: (name: string, values: SignalValues) => void
  readonly failed: (name: string, why: string) => void
  /** What was told holds no longer, and nothing has taken its place. */
  readonly withdrawn: (name: string) => void
}

/** The programs that this device may have; one that it has not is looked for again later and later. */
export function signalStreams(
  platform: NodeJS.Platform,
  facts: Pick<DeviceFacts, 'files' | 'ownPids'>,
  listener: StreamListener,
): readonly Startable[] {
  if (platform === 'win32') return [...nvidia(facts, listener), windows(listener)]
  if (platform !== 'linux') return []
  const hasNvidia = facts.files.maybe('proc', 'driver/nvidia/version') !== undefined
  const hasBus = facts.files.has('run', SYSTEM_BUS)
  return [...(hasNvidia ? nvidia(facts, listener) : []), ...(hasBus ? [sleep(listener)] : [])]
}

function sleep({ told, withdrawn }: StreamListener): Startable {
  const name = 'linux/sleep'
  return new CommandLines(
    LOGIND_MONITOR,
    (line) => {
      const pending = sleepAnnouncement(line)
      if (pending === true) told(name, { sleepPending: true })
      else if (pending === false) withdrawn(name)
    },
    // What logind is asked now and then tells the same, later.
    () => withdrawn(name),
  )
}

function nvidia(
  facts: Pick<DeviceFacts, 'ownPids'>,
  { nowMs, told, failed }: StreamListener,
): readonly Startable[] {
  const name = 'nvidia-smi'
  const cards = new NvidiaCards(() => facts.ownPids())
  const ended = (): void => failed(name, 'nvidia-smi has ended')
  return [
    new CommandLines(
      NVIDIA_DMON,
      (line) => {
        if (cards.onCardLine(line)) told(name, cards.values())
      },
      ended,
    ),
    new CommandLines(NVIDIA_PMON, (line) => cards.onProcessLine(line, nowMs()), ended),
  ]
}

function windows({ told, failed }: StreamListener): Startable {
  const name = 'windows/system'
  return new CommandLines(
    WINDOWS_COMMAND,
    (line) => {
      const state = windowsState(line)
      if (state === undefined) return
      const { memory, ...values } = state
      told(name, memory === undefined ? values : { ...values, memory })
    },
    () => failed(name, 'PowerShell has ended'),
  )
}
