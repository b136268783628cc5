/**
 * What a busy program of the owner's loses to work in the background, in another session and another
 * control group, beside what plain nice 19 would cost it.
 *
 * @module
 */

import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { ExecutorGroup } from '../../node/runtime/executor-group.ts'
import {
  type BackgroundInit,
  executorBackground,
  measureIsolation,
} from '../../node/runtime/isolation-test.ts'
import { detectWrappers } from '../../node/runtime/launcher.ts'
import { delay } from '../../test/fixtures/delay.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { percentile } from './owner.ts'

const SHARE_GOAL = 0.05
const ROUNDS = 10
const WATCH_MS = 500

/** A plain control group beside that of the owner's programs; one without weights of its own. */
class PlainGroup implements Disposable {
  readonly #folder: string
  readonly #leave: string

  /** @throws {Error} where this process may make none. */
  constructor(name: string) {
    const own = readFileSync('/proc/self/cgroup', 'utf8')
    const first = /^\d+:(?:[\w,]+,)?cpu(?:,[\w,]+)?:(\/.*)$/m.exec(own)?.[1]
    const second = /^0::(\/.*)$/m.exec(own)?.[1]
    const root = '/sys/fs/cgroup'
    const parent = first === undefined ? join(root, second ?? '') : join(root, 'cpu', first)
    this.#folder = join(parent, `${name}-${process.pid}`)
    this.#leave = join(parent, 'cgroup.procs')
    mkdirSync(this.#folder)
  }

  async add(pid: number): Promise<boolean> {
    writeFileSync(join(this.#folder, 'cgroup.procs'), `${pid}`)
    return true
  }

  async release(pid: number): Promise<void> {
    writeFileSync(this.#leave, `${pid}`)
  }

  [Symbol.dispose](): void {
    void this.release(process.pid)
    rmdirSync(this.#folder)
  }
}

async function median(
  background: BackgroundInit,
  { signal }: ClaimContext,
): Promise<{ readonly p50: number; readonly max: number }> {
  const shares: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const share = await measureIsolation(background, WATCH_MS, signal)
    if (share === undefined) throw new Error('expected taskset, found none')
    shares.push(share)
  }
  return { p50: percentile(shares, 0.5), max: Math.max(...shares) }
}

export const claim: Claim = {
  sentence: 'A busy program of the owner’s loses next to nothing to work in the background.',
  goal: `≤ ${SHARE_GOAL * 100} % of a contended processor, in another session and another control group`,
  run: async (context) => {
    if (process.platform !== 'linux') throw new Error('expected Linux: shares are read from /proc')
    const { say, signal } = context
    const wrappers = await detectWrappers('linux')
    const nice = { words: ['nice', '-n', '19'], lowersSession: false }
    const percent = (share: number): string => `${(share * 100).toFixed(1)} %`

    const session = await median(executorBackground(wrappers), context)
    const niceSession = await median(nice, context)
    say(`another session: ${percent(session.p50)}, plain nice 19 ${percent(niceSession.p50)}`)

    const group = new ExecutorGroup(SILENT_LOGGER)
    await group.start(signal)
    say(`control group of executors: ${group.folder ?? 'none'}`)
    using plain = new PlainGroup('brume-claim-work')
    using owners = new PlainGroup('brume-claim-owner')
    // What this process starts from now on are programs of the owner's.
    await owners.add(process.pid)
    const groups = await median(executorBackground(wrappers, group), context)
    const niceGroups = await median({ ...nice, group: plain }, context)
    say(`another control group: ${percent(groups.p50)}, plain nice 19 ${percent(niceGroups.p50)}`)
    await delay(100)
    await group.stop()

    const worst = Math.max(session.p50, groups.p50)
    say(`of one round at most ${percent(Math.max(session.max, groups.max))}`)
    return {
      met: worst <= SHARE_GOAL && group.folder !== undefined,
      figure: `${percent(session.p50)} beside another session (nice 19: ${percent(niceSession.p50)}), ${percent(groups.p50)} beside another group (nice 19: ${percent(niceGroups.p50)})`,
      facts: { session, groups, niceSession, niceGroups },
    }
  },
}
