/**
 * Those who keep no rules hold no more trust than flows in from the honest, who is proven to have lied holds none, and
 * who comes back under another name is a newcomer.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { domainIdOf } from '../../trust/index.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'
import { NEWCOMER_MICROS } from '../ledgers/ledger-trust.ts'
import type { LedgerWorld } from '../ledgers/ledger-world.ts'

export const attackersEarnNothing: LedgerChecker = (world, { epochs }) => {
  const { devices, plan } = world
  const liars = devices.filter(({ liar }) => liar !== undefined).map(({ number }) => number)
  return epochs.flatMap(({ epoch, mass, micros, faulted, inflow }) => {
    const held = liars.reduce((sum, number) => sum + (mass.get(number) ?? 0), 0)
    const problems: string[] = []
    // Half of what is held goes on at each step (trust/walk.ts); each may be off by what is rounded down.
    if (held > 2 * inflow + liars.length) {
      problems.push(`in epoch ${epoch} liars hold ${held}, with an inflow of ${inflow}`)
    }
    for (const number of faulted) {
      if ((micros.get(number) ?? 0) > 0) problems.push(`device ${number} is at fault and scores`)
    }
    for (const { number, signer } of devices.slice(plan.devices)) {
      if (isNamed(world, signer.peer, epoch)) continue
      const score = micros.get(number) ?? 0
      if (mass.get(number) === 0 && score === NEWCOMER_MICROS) continue
      problems.push(`device ${number}, for whom nobody vouches yet, scores ${score}`)
    }
    return problems
  })
}

/** True when somebody has said until then that this device worked for it. */
function isNamed({ told, roster }: LedgerWorld, peer: PeerId, epoch: number): boolean {
  const { crypto, network } = roster.context
  const domain = domainIdOf(crypto.sha256, { network, owner: peer })
  return told.some(
    (one) =>
      one.epoch <= epoch && one.statement.consumed.some((row) => bytesEqual(row.peer, domain)),
  )
}
