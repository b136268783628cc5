/**
 * No device that keeps the rules is in any evidence, and no seat is of a device that was proven at fault two epochs
 * before.
 *
 * @module
 */

import type { MeshChecker } from '../meshes/mesh-scenario.ts'

/** Epochs from a cut to the committee that follows from it. */
const SEATS_AHEAD = 2

export const noHonestDeviceIsAtFault: MeshChecker = (world, { folded }) => {
  const scored = world.honest.flatMap(({ number, signer }) => {
    const first = folded.find(({ faulted }) => faulted.has(signer.peer))
    return first === undefined ? [] : [`epoch ${first.epoch} takes device ${number} for guilty`]
  })
  const proven = world.honest.flatMap(({ number, room }) =>
    (room?.pools.evidence.all() ?? []).flatMap(({ proven: { accused, kind } }) => {
      return world.isHonest(accused)
        ? [`device ${number} holds a proof (${kind}) against an honest one`]
        : []
    }),
  )
  const seated = folded.flatMap(({ epoch, committee }) => {
    const before = folded.find((one) => one.epoch === epoch - SEATS_AHEAD)
    const guilty = committee.filter((peer) => before?.faulted.has(peer) === true)
    return guilty.length > 0 && committee.length > guilty.length
      ? [`epoch ${epoch} has a seat of who was proven at fault`]
      : []
  })
  return [...scored, ...proven, ...seated]
}
