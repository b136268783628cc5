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
/** Texts between two looks, of which a quarter each are compared: at one moment heaps hold garbage. */
const EVERY = 250
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

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

/** Medians of the first and of the last quarter of all looks, of processes that are in each: cuts move, and stages with them. */
function lasting(looks: readonly Memory[]) {
  const all = looks.map(({ daemons, executors }) => new Map([...daemons, ...executors]))
  const pids = [...(all[0]?.keys() ?? [])].filter((pid) => all.every((look) => look.has(pid)))
  const sums = all.map((look) => pids.reduce((total, pid) => total + (look.get(pid) ?? 0), 0))
  const quarter = Math.ceil(sums.length / 4)
  const executors = pids.filter((pid) => looks[0]?.executors.has(pid)).length
  const [before, after] = [median(sums.slice(0, quarter)), median(sums.slice(-quarter))]
  return { executors, before, after, sums }
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
  goal: `at most ${100 * GROWTH_MAX} % more in the last quarter of ${TEXTS} texts than in the first after ${WARM}`,
  soak: true,
  run: async ({ say, signal }) => {
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
    const looks: Memory[] = []
    for (let done = WARM; done <= TEXTS && !signal.aborted; done += EVERY) {
      const memory = memoryOf(daemons)
      looks.push(memory)
      if (done % WARM === 0) say(`after ${done} texts: ${show(memory)}`)
      if (done < TEXTS) await write(requester, spec, EVERY)
    }
    const { executors, before, after, sums } = lasting(looks)
    const growth = after / before - 1
    const [from, to] = [before, after].map((bytes) => (bytes / MIB).toFixed(0))
    return {
      met: growth <= GROWTH_MAX && executors >= DAEMONS,
      figure: `${(100 * growth).toFixed(1)} % more: ${from} and ${to} MiB of ${DAEMONS} daemons and ${executors} executors`,
      facts: { executors, growth, sums },
    }
  },
}

function show({ daemons, executors }: Memory): string {
  const mib = (values: ReadonlyMap<number, number>): string =>
    [...values.values()].map((bytes) => (bytes / MIB).toFixed(0)).join(' + ')
  return `daemons ${mib(daemons)} MiB, executors ${mib(executors)} MiB`
}
