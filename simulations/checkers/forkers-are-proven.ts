/**
 * Whoever shows two ledgers to honest devices is proven to have done so, and every honest device comes to hold a proof.
 *
 * One that goes back to an old ledger is not always found: nobody may hold any longer what it forgot.
 *
 * @module
 */

import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const forkersAreProven: LedgerChecker = (world, { proofs }) => {
  const { devices, honest, testimony, clock } = world
  const forkers = devices.filter(({ ways, left }) => (ways.faces ?? 1) > 1 && !left)
  return forkers.flatMap((forker) => {
    if (!testimony.hasForked(forker, clock.nowMs - FOUND_MS)) return []
    return honest
      .filter(({ number }) => proofs.has(number))
      .filter(({ number }) =>
        proofs.get(number)?.every((one) => one.accused !== forker.signer.peer),
      )
      .map(({ number }) => {
        const { liar } = forker
        return `device ${number} holds no proof that device ${forker.number}, ${liar}, has forked`
      })
  })
}

/** Time in which a fork is found once both sides of it were shown. */
const FOUND_MS = 60_000
