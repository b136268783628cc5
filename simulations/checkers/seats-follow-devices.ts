/**
 * Some time after it is calm, every honest device that speaks for itself has a seat, and no other one has.
 *
 * @module
 */

import type { MeshMember } from '../meshes/mesh-member.ts'
import type { MeshChecker } from '../meshes/mesh-scenario.ts'

/** Epochs from a cut to the committee that follows from it. */
const SEATS_AHEAD = 2

export const seatsFollowDevices: MeshChecker = ({ members, honest }) => {
  const chain = honest.find((member) => member.chain !== undefined)?.chain
  if (chain === undefined) return ['nobody is there']
  const { owners } = chain.fold
  const isBound = ({ signer }: MeshMember): boolean =>
    owners.tieOf(signer.peer)?.owner !== undefined
  const wasBound = ({ signer }: MeshMember): boolean =>
    owners.speakerOf(signer.peer, chain.next - SEATS_AHEAD) !== signer.peer
  const seated = new Set(chain.committee)
  const without = honest.filter((member) => !isBound(member) && !seated.has(member.signer.peer))
  const beside = members.filter(
    (member) => (member.left || wasBound(member)) && seated.has(member.signer.peer),
  )
  return [
    ...without.map(({ number }) => `device ${number} has no seat`),
    ...beside.map(
      ({ number, left }) => `device ${number} ${left ? 'left' : 'is owned'}, and has a seat`,
    ),
  ]
}
