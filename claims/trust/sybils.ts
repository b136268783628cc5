/**
 * What an attacker gains by making up domains: nothing. By doing honest work: a share of it.
 *
 * The attacker has one region of domains that tell of endless work for one another. What differs is
 * how many there are, and for how many honest domains one of them really worked.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { namedDomain, trustNetwork } from '../../test/fixtures/trust-mesh.ts'
import { type Statement, type StatementRow, TRUST_LIMITS, TrustState } from '../../trust/index.ts'
import type { Claim } from '../claim.ts'

const HONEST = 2_000
const DEGREE = 12
const SEEDS = 16
const SYBILS = [1, 2, 10, 100, 1_000, 10_000, 100_000]
const ATTACK_EDGES = [0, 1, 10, 50, 200, 1_000]
/** Sybils of the table of attack edges. */
const TABLE_SYBILS = 1_000
/** Work of every honest pair in a day, in thousandths of a credit. */
const HONEST_WORK = 1_000_000
/** How far shares may differ between any two numbers of Sybils from two on: what is rounded off. */
const SPREAD_MAX = 0.01

interface Attack {
  readonly sybils: number
  readonly edges: number
}

export const claim: Claim = {
  sentence: 'An attacker who makes up domains has no more trust than with two of them.',
  goal: `the same share with 2 to 10^5 domains, within ${100 * SPREAD_MAX} %, and nothing without honest work`,
  run: async ({ say }) => {
    const shares = SYBILS.map((sybils) => shareOf({ sybils, edges: 10 }))
    for (const [at, sybils] of SYBILS.entries()) {
      say(`${sybils} domains, 10 attack edges: ${percent(shares[at] ?? 0)} of all trust`)
    }
    const table = ATTACK_EDGES.map((edges) => ({
      edges,
      share: shareOf({ sybils: TABLE_SYBILS, edges }),
    }))
    for (const { edges, share } of table) {
      const work = edges / (HONEST * DEGREE + edges)
      say(`${edges} attack edges (${percent(work)} of all work): ${percent(share)} of all trust`)
    }
    const many = shares.slice(1)
    const [least, most] = [Math.min(...many), Math.max(...many)]
    const apart = most / least - 1
    const alone = shares[0] ?? 0
    // What comes in over an edge is sent around and halved each time: at most twice of it is there.
    const bounded = most <= 2 * alone * (1 + SPREAD_MAX)
    return {
      met: apart <= SPREAD_MAX && bounded && table[0]?.share === 0,
      figure: `${percent(least)} to ${percent(most)} with 2 to 10^5 domains, ${percent(alone)} with one; 0 % without honest work`,
      facts: { shares: Object.fromEntries(SYBILS.map((m, at) => [m, shares[at]])), table },
    }
  },
}

/** The attacker's share of all mass after one epoch. */
function shareOf({ sybils, edges }: Attack): number {
  const random = SeededRandom.fromInteger(11)
  const ids = Array.from({ length: HONEST + sybils }, (_, at) => namedDomain(at))
  const provided = ids.map((): StatementRow[] => [])
  const consumed = ids.map((): StatementRow[] => [])
  const work = (requester: number, provider: number, milliCredits: number): void => {
    if (requester === provider) return
    provided[provider]?.push({ peer: ids[requester] as Uint8Array, milliCredits })
    consumed[requester]?.push({ peer: ids[provider] as Uint8Array, milliCredits })
  }
  for (let requester = 0; requester < HONEST; requester++) {
    const others = new Set<number>()
    while (others.size < DEGREE) others.add(random.uint32() % HONEST)
    for (const provider of others) work(requester, provider, HONEST_WORK)
  }
  for (let edge = 0; edge < edges; edge++) {
    // Those for whom the attacker works are honest, and no seeds.
    work(
      SEEDS + ((edge * 7) % (HONEST - SEEDS)),
      HONEST + (edge % Math.min(sybils, edges)),
      HONEST_WORK,
    )
  }
  for (let sybil = 0; sybil < sybils; sybil++) {
    for (const hop of [1, 7, 41]) {
      if (hop >= sybils && hop > 1) continue
      work(HONEST + sybil, HONEST + ((sybil + hop) % sybils), TRUST_LIMITS.MILLI_CREDITS_MAX)
    }
  }
  const statements = ids.map((domain, at): Statement => ({
    network: trustNetwork,
    epoch: 1,
    domain,
    heads: [],
    provided: provided[at] ?? [],
    consumed: consumed[at] ?? [],
    onion: domain,
  }))
  const state = new TrustState(nodeCrypto.sha256, ids.slice(0, SEEDS))
  state.fold({ epoch: 1, statements, verdicts: [], faults: [] })
  const { mass } = state.standings()
  const held = ids.slice(HONEST).reduce((sum, id) => sum + (mass[state.domains.find(id)] ?? 0), 0)
  return held / TRUST_LIMITS.MASS_TOTAL
}

function percent(share: number): string {
  return `${(100 * share).toFixed(4)} %`
}
