/**
 * Nothing that an honest device ever said can be made into a proof against it, and nobody holds one (L5).
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { contradictionOf, type Half, precedingId } from '../../ledger/index.ts'
import { toHex } from '../../core/bytes.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const noHonestLedgerIsAtFault: LedgerChecker = (world, { proofs }) => {
  const accused = [...proofs].flatMap(([holder, held]) =>
    held
      .filter((proof) => world.isHonest(proof.accused) && world.devices[holder]?.liar === undefined)
      .map(({ type, accused: peer }) => {
        return `device ${holder} holds a proof of a ${type} by device ${world.numberOf(peer)}`
      }),
  )
  const { context } = world.roster
  const provable = world.honest.flatMap(({ number, signer }) => {
    const pairs = pairsOf(world.testimony.halvesOf(number))
    const contradicting = pairs.filter(
      ([one, other]) => contradictionOf(context, signer.peer, one, other) !== undefined,
    )
    return contradicting.map(
      ([one]) => `device ${number} has answered a half with two ${one.kind}s`,
    )
  })
  const faults = world.honest.flatMap((device) =>
    world.honest.flatMap((other) => {
      const count = faultsOf(other.signer.peer, device.life?.faces[0]?.receipts)
      const what = `device ${device.number} finds ${count} faults in the halves of device ${other.number}`
      return count === 0 ? [] : [what]
    }),
  )
  return [...accused, ...provable, ...faults]
}

function faultsOf(peer: PeerId, receipts: { faultsOf(peer: PeerId): number } | undefined): number {
  return receipts?.faultsOf(peer) ?? 0
}

/** Halves that answer the same one. */
function pairsOf(halves: readonly Half[]): readonly (readonly [Half, Half])[] {
  const byPreceding = new Map<string, Half[]>()
  for (const half of halves) {
    const preceding = precedingId(half)
    if (preceding === undefined) continue
    const key = `${half.kind} ${toHex(preceding)}`
    byPreceding.set(key, [...(byPreceding.get(key) ?? []), half])
  }
  return [...byPreceding.values()].flatMap((answers) =>
    answers.flatMap((one, at) => answers.slice(at + 1).map((other) => [one, other] as const)),
  )
}
