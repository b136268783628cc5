/**
 * Why a score is what it is, and what would raise it: the same words for whoever asks, and whoever is asked about.
 *
 * @module
 */

import type { ScoredDevice, TrustState } from './trust-state.ts'
import { MICROS } from './limits.ts'
import { scoreMicros, type Score } from './score.ts'
import { auditFactorQ16, auditLowerBoundQ16, massMicros, standingMicros } from './standing.ts'

/** Pairs that are named; the rest are summed. */
const EDGES_SHOWN_MAX = 20

/** A pair of the domain with another, in the window. */
export interface ExplainedEdge {
  readonly peer: Uint8Array
  /** What the domain was in it. */
  readonly role: 'requester' | 'provider'
  /** What both agree on, in thousandths of a credit. */
  readonly agreedMilliCredits: number
  /** What each says of today. */
  readonly today: { readonly requester: number; readonly provider: number }
  /** What the pair weighs in the row of the requester, before it is scaled. */
  readonly weight: number
}

/** Something that would raise a score, and the score that it would lead to at most. */
export interface Remedy {
  readonly name:
    | 'wait-until-the-fault-is-old'
    | 'attest-hardware'
    | 'pass-audits'
    | 'work-for-trusted-domains'
  readonly micros: number
}

export interface Explanation {
  readonly score: Score
  readonly mass: { readonly units: number; readonly micros: number }
  readonly audits: {
    readonly passed: number
    readonly failed: number
    /** What they let one believe at least, and what failed ones leave, in 65,536ths. */
    readonly lowerBoundQ16: number
    readonly factorQ16: number
  }
  /** The heaviest first. */
  readonly edges: readonly ExplainedEdge[]
  readonly edgesLeftOut: number
  /** Kinds of what was ever proven against the domain, and when. */
  readonly faults: readonly { readonly kind: string; readonly epoch: number }[]
  /** The greatest gain first; empty when nothing would raise it. */
  readonly remedies: readonly Remedy[]
}

/** Floor of the best hardware, in millionths. */
const BEST_FLOOR_MICROS = MICROS

/** Explains the score of a device in the epoch that was folded last. */
export function explain(state: TrustState, device: ScoredDevice): Explanation {
  const facts = state.facts(device.domain)
  const edges = edgesOf(state, device.domain)
  return {
    score: state.score(device),
    mass: { units: facts.mass, micros: massMicros(facts.mass, state.seedCount) },
    audits: {
      ...facts.audits,
      lowerBoundQ16: auditLowerBoundQ16(facts.audits),
      factorQ16: auditFactorQ16(facts.audits),
    },
    edges: edges.slice(0, EDGES_SHOWN_MAX),
    edgesLeftOut: Math.max(0, edges.length - EDGES_SHOWN_MAX),
    faults: facts.record.map(({ kind, epoch }) => ({ kind, epoch })),
    remedies: remediesOf(state, device),
  }
}

function edgesOf(state: TrustState, domain: Uint8Array): readonly ExplainedEdge[] {
  const { work, domains } = state
  const self = domains.find(domain)
  const edges: ExplainedEdge[] = []
  for (let edge = 0; edge < work.size; edge++) {
    const [requester, provider] = [work.requester(edge), work.provider(edge)]
    if (requester !== self && provider !== self) continue
    edges.push({
      peer: domains.id(requester === self ? provider : requester).slice(),
      role: requester === self ? 'requester' : 'provider',
      agreedMilliCredits: work.agreed(edge),
      today: work.claimsToday(edge),
      weight: work.weight(edge),
    })
  }
  return edges.toSorted((a, b) => b.weight - a.weight)
}

/** What the score would be if one thing were as good as it can be, and everything else as it is. */
function remediesOf(state: TrustState, device: ScoredDevice): readonly Remedy[] {
  const { mass, audits, faulted } = state.facts(device.domain)
  const { floorMicros } = device
  const now = state.score(device).micros
  const standing = standingMicros(mass, state.seedCount, audits)
  const clean = { floorMicros, standingMicros: standing, audits, faulted: false }
  const audited = { passed: audits.passed + audits.failed * 100 + 100, failed: audits.failed }
  const remedies: readonly Remedy[] = faulted
    ? [{ name: 'wait-until-the-fault-is-old', micros: scoreMicros(clean) }]
    : [
        {
          name: 'attest-hardware',
          micros: scoreMicros({ ...clean, floorMicros: BEST_FLOOR_MICROS }),
        },
        {
          name: 'pass-audits',
          micros: scoreMicros({
            ...clean,
            audits: audited,
            standingMicros: standingMicros(mass, state.seedCount, audited),
          }),
        },
        {
          name: 'work-for-trusted-domains',
          micros: scoreMicros({
            ...clean,
            standingMicros: Math.floor((MICROS * auditLowerBoundQ16(audits)) / 65_536),
          }),
        },
      ]
  return remedies.filter(({ micros }) => micros > now).toSorted((a, b) => b.micros - a.micros)
}
