/**
 * How long work should count, and how late a statement may come: the tables of docs/adr/0012-figures-of-trust.md.
 *
 * Domains work for each other day by day; the walk is that of every device, over the same roots of the same sums, and
 * only the window is another one.
 *
 * @module
 */

import { SeededRandom } from '../core/random.ts'
import {
  massMicros,
  seededWalk,
  TRUST_LIMITS,
  type WalkGraph,
  walkGraphOf,
} from '../trust/index.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const DOMAINS = 300
const SEEDS = 8
/** Others that a domain works for, and those of them on one day. */
const PARTNERS = 24
const PARTNERS_A_DAY = 8
/** Days that all work before anything happens: more than any window. */
const SETTLED_DAYS = 100
const AFTER_DAYS = 100
const FORTNIGHT_FROM = 60
/** Domains that do each of the three things. */
const GROUP = 40

/** Days that count, after how many of them work counts half, and whether that is what devices do. */
const WINDOWS = [
  { days: 7, halvesIn: Infinity },
  { days: 14, halvesIn: 3.5 },
  { days: TRUST_LIMITS.WINDOW_DAYS, halvesIn: 7 },
  { days: 31, halvesIn: Infinity },
  { days: 62, halvesIn: 14 },
  { days: 92, halvesIn: 28 },
] as const

/** Epochs that a statement may be late, and hours for which a part of the mesh is cut off. */
const LATE_EPOCHS = [1, TRUST_LIMITS.LATE_EPOCHS_MAX, 48, 288] as const
const CUT_OFF_HOURS = [1, 8, 48] as const
const CUTS_DRAWN = 20_000

type Kind = 'steady' | 'con' | 'away' | 'newcomer'

interface Job {
  readonly from: number
  readonly to: number
  readonly day: number
  readonly work: number
}

export const benchmark: Benchmark = {
  question: 'how long should work count, and how late may a statement be?',
  async run({ say, signal }): Promise<readonly Row[]> {
    say(
      `${DOMAINS} domains, ${PARTNERS_A_DAY} of ${PARTNERS} partners a day; ${GROUP} each stop for good, are away for two days and a fortnight, or come new`,
    )
    const jobs = history(SeededRandom.fromInteger(7))
    const rows: Row[] = []
    for (const window of WINDOWS) {
      signal.throwIfAborted()
      rows.push(windowRow(window, jobs))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return [...rows, ...LATE_EPOCHS.map(lateRow)]
  },
}

/** The first are seeds; behind them come those that do something. */
function kindOf(domain: number): Kind {
  const group = Math.floor((domain - SEEDS) / GROUP)
  return (['con', 'away', 'newcomer'] as const)[group] ?? 'steady'
}

/** True for a domain that works on a day, counted from the one on which things happen. */
function worksOn(domain: number, day: number): boolean {
  switch (kindOf(domain)) {
    case 'con':
      return day < 0
    case 'away':
      // Saturday and Sunday, then a fortnight two months later.
      return !(day >= 0 && day < 2) && !(day >= FORTNIGHT_FROM && day < FORTNIGHT_FROM + 14)
    case 'newcomer':
      return day >= 0
    case 'steady':
      return true
  }
}

function history(random: SeededRandom): readonly Job[] {
  const below = (bound: number): number => Math.floor(random.fraction() * bound)
  const partners = Array.from({ length: DOMAINS }, (_, to) => {
    const others = new Set<number>()
    while (others.size < PARTNERS) others.add(below(DOMAINS))
    others.delete(to)
    return [...others]
  })
  const jobs: Job[] = []
  const perDay = DOMAINS * PARTNERS_A_DAY
  for (let at = 0; at < (SETTLED_DAYS + AFTER_DAYS) * perDay; at++) {
    const [day, to] = [Math.floor(at / perDay) - SETTLED_DAYS, at % DOMAINS]
    const from = partners[to]?.[below(PARTNERS - 1)] ?? 0
    const work = 500 + below(1_000)
    if (worksOn(to, day) && worksOn(from, day)) jobs.push({ from, to, day, work })
  }
  return jobs
}

function windowRow(window: (typeof WINDOWS)[number], jobs: readonly Job[]): Row {
  const { days, halvesIn } = window
  const ends = Array.from({ length: AFTER_DAYS + 1 }, (_, at) => massesOn(at - 1, window, jobs))
  const before = ends[0]
  const settled = ends.at(-1)
  /** Mass of a group beside that of those who always worked, of what it is when the group works as they do. */
  const share = (kind: Kind, day: number): number => {
    const beside = (mass: Float64Array | undefined): number =>
      meanOf(mass, kind) / Math.max(1, meanOf(mass, 'steady'))
    return beside(ends[day + 1]) / beside(kind === 'newcomer' ? settled : before)
  }
  const daysUntil = (kind: Kind, is: (share: number) => boolean): string => {
    const day = Array.from({ length: AFTER_DAYS }, (_, at) => at).find((at) => is(share(kind, at)))
    return day === undefined ? `> ${AFTER_DAYS}` : String(day + 1)
  }
  const standing = (mass: Float64Array | undefined, kind: Kind): number =>
    massMicros(meanOf(mass, kind), SEEDS) / TRUST_LIMITS.MICROS
  const loss = (kind: Kind, day: number): string => {
    const mass = 100 * (1 - share(kind, day))
    const less = standing(before, kind) - standing(ends[day + 1], kind)
    return `${mass.toFixed(0)} % (${less.toFixed(3)})`
  }
  const name = Number.isFinite(halvesIn) ? `halves in ${halvesIn}` : 'all alike'
  return {
    name: `${days} days, ${name}`,
    figures: {
      'con: a half after': daysUntil('con', (one) => one < 0.5),
      'a tenth after': daysUntil('con', (one) => one < 0.1),
      'weekend costs mass (standing)': loss('away', 1),
      'a fortnight': loss('away', FORTNIGHT_FROM + 13),
      'a week after it': loss('away', FORTNIGHT_FROM + 20),
      'newcomer: a half after': daysUntil('newcomer', (one) => one >= 0.5),
    },
  }
}

function massesOn(
  day: number,
  { days, halvesIn }: (typeof WINDOWS)[number],
  jobs: readonly Job[],
): Float64Array {
  const sums = new Map<number, number>()
  for (const { from, to, day: done, work } of jobs) {
    const age = day - done
    if (age < 0 || age >= days || from === to) continue
    const pair = from * DOMAINS + to
    sums.set(pair, (sums.get(pair) ?? 0) + work * 2 ** (-age / halvesIn))
  }
  const edges = [...sums].map(([pair, sum]) => ({
    from: Math.floor(pair / DOMAINS),
    to: pair % DOMAINS,
    weight: Math.min(TRUST_LIMITS.PAIR_WEIGHT_MAX, Math.floor(Math.sqrt(sum))),
  }))
  const graph: WalkGraph = walkGraphOf(
    {
      count: edges.length,
      from: (edge) => edges[edge]?.from ?? 0,
      to: (edge) => edges[edge]?.to ?? 0,
      weight: (edge) => edges[edge]?.weight ?? 0,
    },
    Uint32Array.from({ length: DOMAINS }, (_, domain) => domain),
  )
  return seededWalk(
    graph,
    Uint32Array.from({ length: SEEDS }, (_, seed) => seed),
  )
}

function meanOf(mass: Float64Array | undefined, kind: Kind): number {
  const group = [...(mass ?? [])].filter((_, at) => at >= SEEDS && kindOf(at) === kind)
  return Math.floor(group.reduce((sum, units) => sum + units, 0) / Math.max(1, group.length))
}

/**
 * What is lost of the work that a part of a mesh does while it is cut off from the others: sums are of a day, so that
 * the next statement tells all but what was done before midnight and is told later than it may be.
 */
function lateRow(lateEpochs: number): Row {
  const random = SeededRandom.fromInteger(11)
  const epochs = TRUST_LIMITS.EPOCHS_PER_DAY
  const figures = CUT_OFF_HOURS.map((hours) => {
    const length = (hours * epochs) / 24
    const lost = Array.from({ length: CUTS_DRAWN }, () => {
      const start = Math.floor(random.fraction() * epochs)
      return (100 * goneBetween(start, start + length, lateEpochs)) / length
    })
    const mean = lost.reduce((sum, one) => sum + one, 0) / lost.length
    const figure = `${mean.toFixed(1)} (${spread(lost).p90.toFixed(0)})`
    return [`% lost of ${hours} h cut off, mean (p90)`, figure] as const
  })
  return { name: `${lateEpochs} epochs late`, figures: Object.fromEntries(figures) }
}

/** Epochs whose work is told by nobody: those before each midnight that passed longer ago than a statement may be late. */
function goneBetween(start: number, end: number, lateEpochs: number): number {
  const epochs = TRUST_LIMITS.EPOCHS_PER_DAY
  let gone = 0
  for (let midnight = epochs; midnight < end - lateEpochs; midnight += epochs) {
    gone += midnight - Math.max(start, midnight - epochs)
  }
  return gone
}
