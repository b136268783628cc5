/**
 * Ten thousand texts, opened and closed, leave no memory behind; a stage takes little more than its weights.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { addNovelist, endingOf, writeText } from './written-text.ts'

const DAEMONS = 2
const TEXTS = 10_000
/** Texts before memory is looked at first: caches and heaps have their size by then. */
const WARM = 2_000
const AT_ONCE = 8
/** Of the processes that last from then to the end, together. */
const GROWTH_MAX = 0.1

const MIB = 2 ** 20

/** Resident memory of a process, in bytes; 0 when it is gone. */
function residentBytes(pid: number): number {
  try {
    const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return 1024 * Number(kib ?? 0)
  } catch {
    // It has ended since it was listed.
    return 0
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** Resident bytes by process. */
interface Memory {
  readonly daemons: ReadonlyMap<number, number>
  readonly executors: ReadonlyMap<number, number>
}

function memoryOf(daemons: readonly TestDaemon[]): Memory {
  const bytesOf = (pids: readonly number[]): ReadonlyMap<number, number> =>
    new Map(pids.map((pid) => [pid, residentBytes(pid)]))
  return {
    daemons: bytesOf(daemons.map(({ pid }) => pid)),
    executors: bytesOf(daemons.flatMap((daemon) => daemon.executorPids())),
  }
}

/** Bytes of the processes that were there before, and later still: cuts move, and stages with them. */
function lasting(before: Memory, after: Memory) {
  const both = [before.daemons, before.executors].flatMap((bytes) => [...bytes])
  const later = new Map([...after.daemons, ...after.executors])
  const pairs = both.flatMap(([pid, bytes]) => {
    const now = later.get(pid)
    return now === undefined ? [] : [{ bytes, now }]
  })
  return {
    executors: [...before.executors.keys()].filter((pid) => later.has(pid)).length,
    before: sum(pairs.map(({ bytes }) => bytes)),
    after: sum(pairs.map(({ now }) => now)),
  }
}

/** So many texts, some at once. */
async function write(requester: TestDaemon, spec: TextSpec, count: number): Promise<void> {
  let left = count
  const writer = async (): Promise<void> => {
    while (left-- > 0) {
      const text = await writeText(requester, spec)
      if (text.view.state !== 'done') throw new Error(endingOf(text))
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, writer))
}

export const claim: Claim = {
  sentence: 'Texts that are over leave no memory behind.',
  goal: `at most ${100 * GROWTH_MAX} % more after ${TEXTS} texts than after ${WARM}`,
  soak: true,
  run: async ({ say }) => {
    await using fleet = new DaemonFleet()
    const daemons = await fleet.startMany(DAEMONS)
    const [requester] = daemons
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('memory')
    const { id: model } = await addNovelist(requester)
    const spec: TextSpec = {
      model,
      prompt: 'Emma was',
      tokensMax: 2,
      stages: DAEMONS,
      objective: 'throughput',
      hashLogits: false,
      ignoreStopTokens: true,
      sampling: { temperature: 0 },
    }
    const first = await writeText(requester, spec)
    for (const { name, fromLayer, toLayer, weightBytes } of first.view.stages) {
      say(
        `${name}: layers ${fromLayer} to ${toLayer}, ${(weightBytes / MIB).toFixed(1)} MiB of weights`,
      )
    }
    await write(requester, spec, WARM)
    const before = memoryOf(daemons)
    say(`after ${WARM} texts: ${show(before)}`)
    await write(requester, spec, TEXTS - WARM)
    const after = memoryOf(daemons)
    say(`after ${TEXTS} texts: ${show(after)}`)
    const same = lasting(before, after)
    const growth = same.after / same.before - 1
    return {
      met: growth <= GROWTH_MAX && same.executors >= DAEMONS,
      figure: `${(100 * growth).toFixed(1)} % more: ${(same.before / MIB).toFixed(0)} and ${(same.after / MIB).toFixed(0)} MiB of ${DAEMONS} daemons and ${same.executors} executors`,
      facts: { ...same, growth },
    }
  },
}

function show({ daemons, executors }: Memory): string {
  const mib = (values: ReadonlyMap<number, number>): string =>
    [...values.values()].map((bytes) => (bytes / MIB).toFixed(0)).join(' + ')
  return `daemons ${mib(daemons)} MiB, executors ${mib(executors)} MiB`
}
