/**
 * What the process of a stage takes beside what its stage is made of: tensors, keys and values.
 *
 * Each count of stages gets a fleet of its own, in which every daemon holds one stage in one
 * executor, and a text that fills some room. What it takes more is told apart by what it is mapped
 * from, as the kernel lists it (proc_pid_smaps(5)).
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import type { ModelDetail } from '../../node/api/schemas/models.ts'
import type { TextView } from '../../node/api/schemas/texts.ts'
import { STAGE_OVERHEAD_BYTES } from '../../node/scheduler/placement/plan.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { SMOLLM2_MISSING, smolLm2File } from '../../test/fixtures/real-model.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addSmolLm2, endingOf, writeText } from './written-text.ts'

const COUNTS = [1, 2, 3]
const TOKENS = 128
const MIB = 2 ** 20

/**
 * What placement sets aside for an executor, measured before: onnx.md 6d and 9 have 30 MB beside
 * weights that lie in a file of their own for a bare loader, and about 110 MB for a stage that serves.
 */
const OVERHEAD_MAX = STAGE_OVERHEAD_BYTES

interface Memory {
  readonly rssBytes: number
  /** With what other processes share of it divided among them. */
  readonly pssBytes: number
  /** Resident bytes by what they are mapped from. */
  readonly parts: Readonly<Record<Part, number>>
}

type Part = 'tensors' | 'programs' | 'anonymous'

interface StageMemory extends Memory {
  readonly stages: number
  readonly stage: number
  readonly tensorBytes: number
  readonly cacheBytes: number
}

/** What a process has in memory (Linux). */
function memoryOf(pid: number, stateDir: string): Memory {
  const parts: Record<Part, number> = { tensors: 0, programs: 0, anonymous: 0 }
  let pssBytes = 0
  let part: Part = 'anonymous'
  for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
    const mapped = /^[\da-f]+-[\da-f]+ \S+ \S+ \S+ \S+\s*(.*)$/.exec(line)
    if (mapped !== null) part = partOf(mapped[1] ?? '', stateDir)
    const [, name, kib] = /^(Rss|Pss):\s+(\d+) kB$/.exec(line) ?? []
    if (name === 'Rss') parts[part] += 1024 * Number(kib)
    if (name === 'Pss') pssBytes += 1024 * Number(kib)
  }
  const rssBytes = Object.values(parts).reduce((sum, bytes) => sum + bytes, 0)
  return { rssBytes, pssBytes, parts }
}

function partOf(path: string, stateDir: string): Part {
  if (path.startsWith(stateDir)) return 'tensors'
  return path.startsWith('/') ? 'programs' : 'anonymous'
}

/** The stages of a text that is done, each with the memory of its executor. */
function stagesOf(
  daemons: readonly TestDaemon[],
  { text, layers }: ModelDetail,
  { stages, promptTokens }: TextView,
): readonly StageMemory[] {
  return stages.map(({ peer, index, weightBytes, fromLayer, toLayer }) => {
    const daemon = daemons.find(({ status }) => status.peer === peer)
    const [pid] = daemon?.executorPids() ?? []
    if (daemon === undefined || pid === undefined) throw new Error(`nobody holds stage ${index}`)
    const positions = promptTokens + TOKENS
    const share = (toLayer - fromLayer) / layers
    return {
      stages: stages.length,
      stage: index,
      tensorBytes: weightBytes,
      cacheBytes: Math.round((text?.cacheBytesPerToken ?? 0) * positions * share),
      ...memoryOf(pid, daemon.stateDir),
    }
  })
}

async function measure(count: number, { say }: ClaimContext): Promise<readonly StageMemory[]> {
  await using fleet = new DaemonFleet()
  const daemons = await fleet.startMany(count)
  const [requester] = daemons
  if (requester === undefined) throw new Error('no daemon')
  await fleet.formMesh('memory')
  const model = await addSmolLm2(requester)
  if (model === undefined) throw new Error(SMOLLM2_MISSING)
  const text = await writeText(requester, {
    model: model.id,
    prompt: 'The sea was calm, and',
    tokensMax: TOKENS,
    stages: count,
    objective: 'throughput',
    speculation: 'off',
    ignoreStopTokens: true,
    sampling: { temperature: 0 },
  })
  if (text.view.state !== 'done') throw new Error(endingOf(text))
  const detail = await requester.api.get<ModelDetail>(`/v1/models/${model.id}`)
  const found = stagesOf(daemons, detail, text.view)
  for (const stage of found) say(stageText(stage))
  return found
}

function idealOf({ tensorBytes, cacheBytes }: StageMemory): number {
  return tensorBytes + cacheBytes
}

function mib(bytes: number): string {
  return (bytes / MIB).toFixed(0).padStart(4)
}

function stageText(stage: StageMemory): string {
  const { stages, stage: index, rssBytes, pssBytes, tensorBytes, cacheBytes, parts } = stage
  return [
    `stage ${index + 1} of ${stages}: RSS ${mib(rssBytes)} MiB, PSS ${mib(pssBytes)}`,
    `ideal ${mib(idealOf(stage))} (tensors ${mib(tensorBytes)}, keys and values ${mib(cacheBytes)})`,
    `more ${mib(rssBytes - idealOf(stage))}`,
    `mapped tensors ${mib(parts.tensors)}, programs ${mib(parts.programs)}, anonymous ${mib(parts.anonymous)}`,
  ].join('; ')
}

export const claim: Claim = {
  sentence: 'The process of a stage takes little more than its tensors, keys and values.',
  goal: `of ${COUNTS.join(', ')} stages, each RSS ≤ its tensors, keys and values + ${mib(OVERHEAD_MAX).trim()} MiB`,
  run: async (context) => {
    if (process.platform !== 'linux' || smolLm2File() === undefined) {
      const missing = process.platform === 'linux' ? SMOLLM2_MISSING : 'needs Linux'
      return { met: false, figure: `not shown here: ${missing}` }
    }
    const all: StageMemory[] = []
    for (const count of COUNTS) {
      if (!context.signal.aborted) all.push(...(await measure(count, context)))
    }
    const more = all.map((stage) => stage.rssBytes - idealOf(stage))
    const ratios = all.map((stage) => stage.rssBytes / idealOf(stage))
    const most = Math.max(...more)
    const range = (values: readonly number[], digits: number): string =>
      `${Math.min(...values).toFixed(digits)} to ${Math.max(...values).toFixed(digits)}`
    return {
      met: most <= OVERHEAD_MAX,
      figure: `${range(
        more.map((bytes) => bytes / MIB),
        0,
      )} MiB more, ${range(ratios, 2)} times the ideal, of ${all.length} stages`,
      facts: { stages: all },
    }
  },
}
