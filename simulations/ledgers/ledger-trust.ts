/**
 * What everybody computes of the devices of a simulated mesh, from what they said of each epoch and what was proven.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Equivocation } from '../../ledger/index.ts'
import { encodeEquivocation } from '../../ledger/index.ts'
import { domainIdOf, floorMicros, type ProvenFault, TrustState } from '../../trust/index.ts'
import { inflowTo } from '../trust-inflow.ts'
import type { LedgerDevice } from './ledger-device.ts'
import type { Told } from './ledger-speaker.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** What is known of the devices at the end of an epoch, by their numbers. */
export interface EpochEnd {
  readonly epoch: number
  readonly mass: ReadonlyMap<number, number>
  /** In millionths, with hardware of the tier `tpm`. */
  readonly micros: ReadonlyMap<number, number>
  readonly faulted: ReadonlySet<number>
  /** Trust that went from the honest to the others in the last step of the walk. */
  readonly inflow: number
}

/** What a device of the tier `tpm` scores before anybody worked with it. */
export const NEWCOMER_MICROS = floorMicros({
  tier: 'tpm',
  secureBoot: false,
  tpmBesideTee: false,
  measuredBuild: false,
})

/** A proof, and the epoch in which some honest device had it. */
export interface DatedProof {
  readonly epoch: number
  readonly proof: Equivocation
}

export function foldedOf(world: LedgerWorld): readonly EpochEnd[] {
  const { told, proofs, devices, plan, roster } = world
  const { sha256 } = roster.context.crypto
  const domains = devices.map((device) => domainOf(world, device))
  const state = new TrustState(sha256, domains.slice(0, plan.anchors))
  const bent = devices.filter(({ liar }) => liar !== undefined)
  const attackers = new Set(bent.map((device) => toHex(domainOf(world, device))))
  return epochsOf(told).map((epoch): EpochEnd => {
    const statements = told.filter((one) => one.epoch === epoch).map(({ statement }) => statement)
    const faults = proofs.filter((one) => one.epoch === epoch).map((one) => faultOf(world, one))
    state.fold({ epoch, statements, verdicts: [], faults })
    const facts = devices.map(({ number, signer }) => {
      const domain = domains[number] as Uint8Array
      const one = { device: signer.peer, domain, floorMicros: NEWCOMER_MICROS }
      return { number, ...state.facts(domain), micros: state.score(one).micros }
    })
    return {
      epoch,
      mass: new Map(facts.map(({ number, mass }) => [number, mass])),
      micros: new Map(facts.map(({ number, micros }) => [number, micros])),
      faulted: new Set(facts.filter(({ faulted }) => faulted).map(({ number }) => number)),
      inflow: inflowTo(state, attackers),
    }
  })
}

function epochsOf(told: readonly Told[]): readonly number[] {
  return [...new Set(told.map(({ epoch }) => epoch))].toSorted((a, b) => a - b)
}

function domainOf({ roster }: LedgerWorld, { signer }: Pick<LedgerDevice, 'signer'>): Uint8Array {
  const { crypto, network } = roster.context
  return domainIdOf(crypto.sha256, { network, owner: signer.peer })
}

function faultOf(world: LedgerWorld, { proof }: DatedProof): ProvenFault {
  const { context } = world.roster
  const accused = world.devices[world.numberOf(proof.accused)] as LedgerDevice
  return {
    domain: domainOf(world, accused),
    kind: proof.type,
    evidence: context.crypto.sha256(encodeEquivocation(context, proof)),
  }
}
