/**
 * Those who want more trust than their work is worth, or that others have less.
 *
 * @module
 */

import { utf8 } from '../core/bytes.ts'
import type { SeededRandom } from '../core/random.ts'
import { type ProvenFault, TRUST_LIMITS } from '../trust/index.ts'
import { below } from './faults.ts'
import { simHash } from './sim-hash.ts'
import { type Attacker, type Deed, type HonestMesh, simDomain } from './trust-world.ts'

const ENDLESS = TRUST_LIMITS.MILLI_CREDITS_MAX
/** What is granted for honest work of a day. */
const WORK = 400_000

export interface Swarm {
  readonly name: string
  /** Domains that come on a day, and how many there are at last. */
  readonly joining: number
  readonly domains: number
  /** Honest domains for which they really work, each day. */
  readonly customers: number
}

/**
 * Domains that come by and by and tell of endless work for one another, in a ring and across; and some
 * real work, of which they tell as much as they like.
 */
export function swarm({ name, joining, domains: most, customers }: Swarm): Attacker {
  const domains = Array.from({ length: most }, (_, at) => simDomain(`${name} ${at}`))
  return {
    domains,
    day(day, mesh, random) {
      const there = domains.slice(0, Math.min(most, (day + 1) * joining))
      const pick = (): Uint8Array => there[below(random, there.length)] as Uint8Array
      const within = there.flatMap((requester, at) =>
        [there[(at + 1) % there.length] as Uint8Array, pick(), pick()].map((provider) =>
          agreed(requester, provider, ENDLESS),
        ),
      )
      const real = Array.from({ length: customers }, (_, at) => ({
        requester: mesh.domains[(at * 7) % mesh.domains.length] as Uint8Array,
        provider: there[at % there.length] as Uint8Array,
        requesterSays: WORK,
        providerSays: ENDLESS,
      }))
      return {
        domains: there,
        deeds: [...within.filter(betweenTwo), ...real],
        verdicts: [],
        faults: [],
      }
    },
  }
}

/** Domains that take the work of the honest, deny it, and tell of work that was never done. */
export function slanderers(name: string, count: number): Attacker {
  const domains = Array.from({ length: count }, (_, at) => simDomain(`${name} ${at}`))
  return {
    domains,
    day(_, mesh, random) {
      const pick = (): Uint8Array => mesh.domains[below(random, mesh.domains.length)] as Uint8Array
      const deeds = domains.flatMap((domain): readonly Deed[] => [
        { requester: domain, provider: pick(), requesterSays: 0, providerSays: WORK },
        { requester: domain, provider: pick(), requesterSays: 1, providerSays: WORK },
        // They say to have worked for somebody who knows nothing of it.
        { requester: pick(), provider: domain, requesterSays: 0, providerSays: ENDLESS },
      ])
      return { domains, deeds, verdicts: [], faults: [] }
    },
  }
}

export interface Con {
  readonly name: string
  /** Until this day it works well, and is found to. */
  readonly honestDays: number
  readonly customersPerDay: number
  /** Audits of a day, once it cheats; all of them fail. */
  readonly auditsPerDay: number
  /** The day on which it is proven to have signed two things; undefined for never. */
  readonly provenOn: number | undefined
}

/** A domain that earns trust to spend it. */
export function longCon(con: Con): Attacker {
  const domain = simDomain(con.name)
  return {
    domains: [domain],
    day(day, mesh, random) {
      const cheats = day >= con.honestDays
      const audits = cheats ? con.auditsPerDay : below(random, 2)
      return {
        domains: [domain],
        deeds: workFor(domain, mesh, con.customersPerDay, random),
        verdicts: Array.from({ length: audits }, () => ({ provider: domain, passed: !cheats })),
        faults: day === con.provenOn ? [faultOf(domain)] : [],
      }
    },
  }
}

function workFor(
  provider: Uint8Array,
  { domains }: HonestMesh,
  customers: number,
  random: SeededRandom,
): readonly Deed[] {
  return Array.from({ length: customers }, () =>
    agreed(domains[below(random, domains.length)] as Uint8Array, provider, WORK),
  )
}

function faultOf(domain: Uint8Array): ProvenFault {
  return { domain, kind: 'statement-fork', evidence: simHash(utf8('two statements')) }
}

function agreed(requester: Uint8Array, provider: Uint8Array, milliCredits: number): Deed {
  return { requester, provider, requesterSays: milliCredits, providerSays: milliCredits }
}

function betweenTwo({ requester, provider }: Deed): boolean {
  return requester !== provider
}
