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
/** Of all processes together, from then to the end. */
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

interface Memory {
  readonly daemons: readonly number[]
  readonly executors: readonly number[]
}

function memoryOf(daemons: readonly TestDaemon[]): Memory {
  return {
    daemons: daemons.map(({ pid }) => residentBytes(pid)),
    executors: daemons.flatMap((daemon) => daemon.executorPids().map(residentBytes)),
  }
}

const total = ({ daemons, executors }: Memory): number => sum([...daemons, ...executors])

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
    const growth = total(after) / total(before) - 1
    return {
      met: growth <= GROWTH_MAX,
      figure: `${(100 * growth).toFixed(1)} % more: ${(total(before) / MIB).toFixed(0)} and ${(total(after) / MIB).toFixed(0)} MiB of all processes`,
      facts: { before, after },
    }
  },
}

function show({ daemons, executors }: Memory): string {
  const mib = (values: readonly number[]): string =>
    values.map((bytes) => (bytes / MIB).toFixed(0)).join(' + ')
  return `daemons ${mib(daemons)} MiB, executors ${mib(executors)} MiB`
}
