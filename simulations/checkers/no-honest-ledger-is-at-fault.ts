/**
 * Nothing that an honest device ever said can be made into a proof against it, and nobody holds one (L5).
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  contradictionOf,
  type Half,
  HASH_BYTES,
  headForkOf,
  precedingId,
} from '../../ledger/index.ts'
import type { LedgerDevice } from '../ledgers/ledger-device.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'
import type { LedgerWorld } from '../ledgers/ledger-world.ts'

export const noHonestLedgerIsAtFault: LedgerChecker = (world, { proofs }) => {
  const accused = [...proofs].flatMap(([holder, held]) =>
    held
      .filter((proof) => world.isHonest(proof.accused) && world.devices[holder]?.liar === undefined)
      .map(({ type, accused: peer }) => {
        return `device ${holder} holds a proof of a ${type} by device ${world.numberOf(peer)}`
      }),
  )
  const provable = world.honest.flatMap((device) => accusationsOf(world, device))
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

/** What somebody who holds all that a device ever said can make of it. */
function accusationsOf(
  { testimony, roster }: LedgerWorld,
  device: LedgerDevice,
): readonly string[] {
  const { context } = roster
  const { number, signer } = device
  const accused = signer.peer
  const halves = pairsOf(testimony.halvesOf(number)).filter(
    ([one, other]) => contradictionOf(context, accused, one, other) !== undefined,
  )
  const heads = testimony.headsOf(number)
  const forks = heads.filter((later, at) =>
    [later, heads[at - 1] ?? later].some((earlier) => {
      const shown = { earlier: earlier.signed, later: later.signed }
      return [new Uint8Array(HASH_BYTES), later.head.root].some(
        (rootThen) => headForkOf(context, { accused, ...shown, rootThen, proof: [] }) !== undefined,
      )
    }),
  )
  return [
    ...halves.map(([one]) => `device ${number} can be accused of two ${one.kind}s`),
    ...forks.map(({ head }) => `device ${number} can be accused of its head over ${head.size}`),
  ]
}

/** Halves that answer the same one, and those of one kind that follow each other. */
function pairsOf(halves: readonly Half[]): readonly (readonly [Half, Half])[] {
  const pairs: (readonly [Half, Half])[] = []
  const groups = new Map<string, Half[]>()
  for (const half of halves) {
    const last = groups.get(half.kind)?.at(-1)
    if (last !== undefined) pairs.push([last, half])
    groups.set(half.kind, [half])
    const preceding = precedingId(half)
    if (preceding === undefined) continue
    const key = `${half.kind} ${toHex(preceding)}`
    const answers = groups.get(key) ?? []
    pairs.push(...answers.map((other) => [other, half] as const))
    groups.set(key, [...answers, half])
  }
  return pairs
}
