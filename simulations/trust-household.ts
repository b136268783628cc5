/**
 * An owner of several devices who would have more trust than they earn: they praise one another, belong together for
 * a while, and part again.
 *
 * @module
 */

import { utf8 } from '../core/bytes.ts'
import type { DomainTie, ProvenFault } from '../trust/index.ts'
import { TRUST_LIMITS } from '../trust/index.ts'
import { below } from './faults.ts'
import { simHash } from './sim-hash.ts'
import { type Attacker, type Deed, simDomain } from './trust-world.ts'

/** What is granted for honest work of a day. */
const WORK = 400_000

export interface Household {
  readonly name: string
  /** Devices beside the one that speaks for all. */
  readonly devices: number
  /** Days on which they come together, and part. */
  readonly joinOn: number
  readonly partOn: number
  /** Honest domains for which each of them really works, each day. */
  readonly customers: number
  /** The day on which one of them is proven to have said two things; undefined for never. */
  readonly provenOn: number | undefined
}

/** The domains of a household, its speaker first. */
export function domainsOf({ name, devices }: Household): readonly Uint8Array[] {
  return Array.from({ length: devices + 1 }, (_, at) => simDomain(`${name} ${at}`))
}

/** True for a day on which the household is one domain at its end. */
export function isTogether({ joinOn, partOn }: Household, day: number): boolean {
  return day >= joinOn && day < partOn
}

export function household(plan: Household): Attacker {
  const domains = domainsOf(plan)
  const [owner, ...devices] = domains as [Uint8Array, ...Uint8Array[]]
  const last = domains.at(-1) ?? owner
  return {
    domains,
    day(day, mesh, random) {
      const together = isTogether(plan, day)
      const real = domains.flatMap((domain) =>
        Array.from({ length: plan.customers }, () => {
          const requester = mesh.domains[below(random, mesh.domains.length)] ?? owner
          return agreed(requester, together ? owner : domain, WORK)
        }),
      )
      // They go on to praise each other by name, though nobody counts it while they are one.
      const praise = domains.map((domain, at) =>
        agreed(domain, domains[(at + 1) % domains.length] ?? owner, TRUST_LIMITS.MILLI_CREDITS_MAX),
      )
      return {
        domains,
        deeds: [...real, ...praise],
        verdicts: [],
        faults: day === plan.provenOn ? [faultOf(last)] : [],
        ties: tiesOn(plan, day, { owner, devices }),
      }
    },
  }
}

function tiesOn(
  { joinOn, partOn }: Household,
  day: number,
  { owner, devices }: { readonly owner: Uint8Array; readonly devices: readonly Uint8Array[] },
): readonly DomainTie[] {
  if (day !== joinOn && day !== partOn) return []
  return devices.map((device) => ({ device, owner, binds: day === joinOn }))
}

function faultOf(domain: Uint8Array): ProvenFault {
  return { domain, kind: 'head-fork', evidence: simHash(utf8('two heads')) }
}

function agreed(requester: Uint8Array, provider: Uint8Array, milliCredits: number): Deed {
  return { requester, provider, requesterSays: milliCredits, providerSays: milliCredits }
}
