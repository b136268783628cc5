/**
 * When too many lie and the honest decide differently, what was said proves more than a third guilty.
 *
 * The votes of everybody are searched, as they would be once the honest talk to one another.
 *
 * @module
 */

import { bytesEqual, textOf } from '../../core/bytes.ts'
import { type Vote, quorumOf } from '../../protocols/epoch/index.ts'
import type { EpochChecker } from '../epoch-scenario.ts'
import type { EpochWorld } from '../epoch-world.ts'

export const forksNameTheGuilty: EpochChecker = (world) => {
  const guilty = new Set(
    world.committee.flatMap((_, seat) => (isGuilty(world, seat) ? [seat] : [])),
  )
  const honest = world.honest.filter(({ number }) => guilty.has(number))
  const values = new Set(world.decisions().map(({ decision }) => textOf(decision.value)))
  // Two quorums have at least this many seats in common.
  const shared = 2 * quorumOf(world.plan.seats) - world.plan.seats
  return [
    ...honest.map(({ number }) => `what was said proves honest seat ${number} guilty`),
    ...(values.size > 1 && guilty.size < shared
      ? [`seats decided on ${values.size} things, and only ${guilty.size} are proven guilty`]
      : []),
  ]
}

function isGuilty(world: EpochWorld, seat: number): boolean {
  const votes = [...world.votes.values()].filter((vote) => vote.seat === seat)
  return votes.some((one) =>
    votes.some((other) => isDouble(one, other) || isAmnesia(world, one, other)),
  )
}

function isDouble(one: Vote, other: Vote): boolean {
  return one.kind === other.kind && one.round === other.round && !isSame(one, other)
}

/** A precommit, a later prevote for something else, and nothing in between that allowed it. */
function isAmnesia(world: EpochWorld, one: Vote, other: Vote): boolean {
  const changed = one.kind === 'precommit' && other.kind === 'prevote' && one.round < other.round
  if (!changed || one.value === undefined || other.value === undefined) return false
  if (isSame(one, other)) return false
  for (let round = one.round; round < other.round; round++) {
    const polka = [...world.votes.values()].filter(
      (vote) => vote.kind === 'prevote' && vote.round === round && isSame(vote, other),
    )
    if (new Set(polka.map((vote) => vote.seat)).size >= quorumOf(world.plan.seats)) return false
  }
  return true
}

function isSame(one: Vote, other: Vote): boolean {
  const { value } = one
  return value === undefined || other.value === undefined
    ? value === other.value
    : bytesEqual(value, other.value)
}
