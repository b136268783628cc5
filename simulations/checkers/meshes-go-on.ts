/**
 * Some time after it is calm, every honest device has the last epoch, epochs are decided in few rounds, and what each
 * device says of an epoch is in it or in one of the next two.
 *
 * @module
 */

import { decodeStatement, domainIdOf } from '../../trust/index.ts'
import { bytesEqual } from '../../core/bytes.ts'
import type { MeshHistory } from '../meshes/mesh-history.ts'
import type { MeshChecker } from '../meshes/mesh-scenario.ts'
import type { MeshWorld } from '../meshes/mesh-world.ts'

/** Epochs until what stood still has gone on, and rounds that an epoch then takes at most. */
const RECOVERY_EPOCHS = 2
const RECOVERY_MS = 30_000
const ROUNDS_MAX = 4
/** Epochs that a statement may be late. */
const LATE_EPOCHS = 2

export const meshesGoOn: MeshChecker = (world, history) => {
  const { plan } = world
  const last = world.lastEpoch
  const behind = world.honest.filter(({ chain }) => (chain?.next ?? 0) - 1 < last)
  const calm = Math.ceil((world.calmMs + RECOVERY_MS) / plan.epochMs) + RECOVERY_EPOCHS
  const slow = history.folded.filter(({ epoch, round }) => epoch >= calm && round >= ROUNDS_MAX)
  return [
    ...behind.map(
      ({ number, chain }) =>
        `device ${number} is at epoch ${chain === undefined ? 'none' : chain.next - 1}, not at ${last}`,
    ),
    ...slow.map(({ epoch, round }) => `epoch ${epoch} took ${round + 1} rounds`),
    ...leftOut(world, history, { from: calm, to: last - LATE_EPOCHS }),
  ]
}

/** Statements of honest devices that no cut holds in time. */
function leftOut(
  { crypto, roster, honest, lateMembers }: MeshWorld,
  { folded }: MeshHistory,
  { from, to }: { readonly from: number; readonly to: number },
): readonly string[] {
  const { network } = roster
  const told = folded.flatMap(({ epoch: cut, body }) =>
    body.statements.flatMap(({ signed }) => {
      const read = decodeStatement(signed.body)
      return read.type === 'value' ? [{ cut, ...read.value }] : []
    }),
  )
  const speaking = honest.filter(({ number, signer, chain }) => {
    const isBound = chain?.fold.owners.tieOf(signer.peer)?.owner !== undefined
    return !isBound && !lateMembers.has(number)
  })
  return speaking.flatMap(({ number, signer }) => {
    const domain = domainIdOf(crypto.sha256, { network, owner: signer.peer })
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, at) => from + at)
      .filter((epoch) => {
        const isTold = told.some(
          (one) =>
            one.epoch === epoch && bytesEqual(one.domain, domain) && one.cut <= epoch + LATE_EPOCHS,
        )
        return !isTold
      })
      .map((epoch) => `no cut holds what device ${number} said of epoch ${epoch}`)
  })
}
