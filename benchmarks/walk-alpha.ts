/**
 * What α takes from an attacker, and what it costs the honest: the table of docs/adr/0012-figures-of-trust.md.
 *
 * The walk is that of every device, in its integers; only how much of the mass goes home at a step is another one.
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

const HONEST = 2_000
const DEGREE = 12
const SEEDS = 16
const SYBILS = 2_000
const ATTACK_EDGES = [0, 10, 50, 240] as const
/** What goes home at a step, in 4,096ths: 0.15, 0.3, 0.4, 0.5, 0.6. */
const ALPHAS_Q12 = [614, 1_229, 1_638, TRUST_LIMITS.WALK_MOVING_Q12, 2_458]
/** Meshes that are drawn. */
const DRAWS = 16
/** What a pair of honest domains weighs, and what made-up domains say that they do for one another. */
const HONEST_WEIGHT = 1_000
const SYBIL_WEIGHT = 65_535

interface Measured {
  readonly share: number
  /** Of honest domains that are no seeds. */
  readonly standings: readonly number[]
}

export const benchmark: Benchmark = {
  question:
    'what does a walk that goes home more often take from an attacker, and from the honest?',
  async run({ say, signal }): Promise<readonly Row[]> {
    say(
      `${HONEST} honest domains, ${SEEDS} seeds, ${DEGREE} edges each, ${SYBILS} made-up domains; mean and most of ${DRAWS} meshes`,
    )
    const rows: Row[] = []
    for (const alphaQ12 of ALPHAS_Q12) {
      const [none, ...attacked] = ATTACK_EDGES.map((edges) =>
        Array.from({ length: DRAWS }, (_, draw) => {
          signal.throwIfAborted()
          return measured(alphaQ12, edges, draw)
        }),
      )
      rows.push(rowOf(alphaQ12, none ?? [], attacked))
      await new Promise((resolve) => setImmediate(resolve))
    }
    return rows
  },
}

function rowOf(
  alphaQ12: number,
  none: readonly Measured[],
  attacked: readonly (readonly Measured[])[],
): Row {
  const shares = attacked.map((draws, at) => {
    const percent = draws.map(({ share }) => 100 * share)
    const mean = percent.reduce((sum, share) => sum + share, 0) / draws.length
    const figure = `${mean.toFixed(3)} (${Math.max(...percent).toFixed(3)})`
    return [`% with ${ATTACK_EDGES[at + 1] ?? 0} edges`, figure] as const
  })
  const { p10, p50 } = spread(none.flatMap(({ standings }) => standings))
  return {
    name: `α ${(alphaQ12 / 4_096).toFixed(2)}`,
    figures: {
      '% with none': 100 * Math.max(...none.map(({ share }) => share)),
      ...Object.fromEntries(shares),
      'standing p10': p10,
      'standing p50': p50,
    },
  }
}

function measured(alphaQ12: number, attackEdges: number, draw: number): Measured {
  const graph = attackedGraph(attackEdges, SeededRandom.fromInteger(1_000 + draw))
  const seeds = Uint32Array.from({ length: SEEDS }, (_, seed) => seed)
  const mass = seededWalk(graph, seeds, 4_096 - alphaQ12)
  const held = mass.subarray(HONEST).reduce((sum, units) => sum + units, 0)
  const honest = mass.subarray(SEEDS, HONEST)
  return {
    share: held / TRUST_LIMITS.MASS_TOTAL,
    standings: [...honest].map((units) => standingAt(alphaQ12, units)),
  }
}

/** Before audits, as trust/standing.ts has it for a half: by halvings below what a seed is given at home. */
function standingAt(alphaQ12: number, units: number): number {
  if (4_096 - alphaQ12 === TRUST_LIMITS.WALK_MOVING_Q12)
    return massMicros(units, SEEDS) / TRUST_LIMITS.MICROS
  if (units < 1) return 0
  const home = (TRUST_LIMITS.MASS_TOTAL * (alphaQ12 / 4_096)) / SEEDS
  const below = Math.max(0, Math.log2(home / units))
  return Math.max(0, 1 - below / TRUST_LIMITS.STANDING_HALVINGS)
}

/** Honest domains that work for one another, and a region that tells of endless work inside, and did some for the honest. */
function attackedGraph(attackEdges: number, random: SeededRandom): WalkGraph {
  const pairs = new Map<number, { from: number; to: number; weight: number }>()
  const nodes = HONEST + SYBILS
  const add = (from: number, to: number, weight: number): void => {
    if (from !== to) pairs.set(from * nodes + to, { from, to, weight })
  }
  const below = (bound: number): number => Math.floor(random.fraction() * bound)
  for (let from = 0; from < HONEST; from++) {
    const others = new Set<number>()
    while (others.size < DEGREE) others.add(below(HONEST))
    for (const to of others) add(from, to, HONEST_WEIGHT)
  }
  for (let edge = 0; edge < attackEdges; edge++) {
    add(below(HONEST), HONEST + (edge % SYBILS), HONEST_WEIGHT)
  }
  for (let sybil = 0; sybil < SYBILS; sybil++) {
    for (const hop of [1, 7, 41]) {
      add(HONEST + sybil, HONEST + ((sybil + hop) % SYBILS), SYBIL_WEIGHT)
    }
  }
  const edges = [...pairs.values()]
  return walkGraphOf(
    {
      count: edges.length,
      from: (edge) => edges[edge]?.from ?? 0,
      to: (edge) => edges[edge]?.to ?? 0,
      weight: (edge) => edges[edge]?.weight ?? 0,
    },
    Uint32Array.from({ length: nodes }, (_, node) => node),
  )
}
