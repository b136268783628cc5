/**
 * `brume doctor isolation`: whether work in the background would be felt on this machine.
 *
 * It needs no daemon: this very command is the program of the owner's that work is put beside.
 *
 * @module
 */

import type { Command } from 'commander'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { ExecutorGroup } from '../../runtime/executor-group.ts'
import {
  type BackgroundInit,
  executorBackground,
  measureIsolation,
} from '../../runtime/isolation-test.ts'
import { detectWrappers } from '../../runtime/launcher.ts'
import type { Cli } from '../cli.ts'

/** Time for which each way is watched, in ms. */
const WATCH_MS = 200

/** What background work may take from a busy program of the owner's. */
const SHARE_MAX = 0.05

const PLAIN_NICE: BackgroundInit = { words: ['nice', '-n', '19'], lowersSession: false }

export function addDoctor(program: Command, cli: Cli): void {
  const doctor = program.command('doctor').description('finds out what is wrong with this machine')
  doctor
    .command('isolation')
    .description('how much of a busy processor work in the background takes from its owner')
    .action(() => isolation(cli))
}

async function isolation(cli: Cli): Promise<void> {
  const { nice, executors, group } = await cli.interruptible(measure)
  const isolated = executors !== undefined && executors <= SHARE_MAX
  const result = {
    backgroundShare: executors ?? null,
    niceShare: nice ?? null,
    shareMax: SHARE_MAX,
    group: group ?? null,
    isolated,
  }
  cli.print({ isolation: result }, () => {
    if (executors === undefined) return ['cannot be measured here: it needs Linux and taskset']
    return [
      `executors take ${percent(executors)} of a busy processor (at most ${percent(SHARE_MAX)} is good)`,
      `  plain nice 19 would take ${nice === undefined ? 'unknown' : percent(nice)}`,
      `  control group ${group ?? 'none: not delegated to this user, the session has to do'}`,
    ]
  })
}

async function measure(signal: AbortSignal) {
  const wrappers = await detectWrappers(process.platform)
  const group = new ExecutorGroup(SILENT_LOGGER)
  await group.start(signal)
  try {
    const nice = await measureIsolation(PLAIN_NICE, WATCH_MS, signal)
    const background = executorBackground(wrappers, group)
    const executors = await measureIsolation(background, WATCH_MS, signal)
    return { nice, executors, group: group.folder }
  } finally {
    await group.stop()
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`
}
