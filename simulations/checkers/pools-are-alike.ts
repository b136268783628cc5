/**
 * In the end honest devices hold the same of what is in no epoch yet, and never more than they may.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { EpochRoom } from '../../node/epoch/epoch-room.ts'
import type { MeshChecker } from '../meshes/mesh-scenario.ts'
import type { MeshWorld } from '../meshes/mesh-world.ts'

/** What waits at a device at any time, for each device of the mesh: a liar may not have it hold more. */
const HELD_PER_DEVICE_MAX = 32

export const poolsAreAlike: MeshChecker = (world) => {
  const held = world.honest.flatMap(({ number, room }) =>
    room === undefined ? [] : [{ number, ...heldBy(world, room) }],
  )
  return [...differences(held), ...overflows(world)]
}

function differences(held: readonly ({ readonly number: number } & Held)[]): readonly string[] {
  const names = ['statements', 'evidence', 'audits', 'owners'] as const
  return names.flatMap((name) => {
    const kinds = new Set(held.map((one) => one[name]))
    if (kinds.size < 2) return []
    return [`${name} differ: ${held.map((one) => `${one.number} has ${one[name]}`).join('; ')}`]
  })
}

function overflows({ members, heldMost }: MeshWorld): readonly string[] {
  const most = HELD_PER_DEVICE_MAX * members.length
  return [...heldMost].flatMap(([name, count]) =>
    count > most ? [`a device held ${count} ${name} of ${members.length} devices`] : [],
  )
}

type Held = Readonly<Record<'statements' | 'evidence' | 'audits' | 'owners', string>>

/** What waits at a device, in words that are the same where it is the same; of liars, who are not heard by all, nothing. */
function heldBy(world: MeshWorld, { pools, chain }: EpochRoom): Held {
  const short = (id: Uint8Array): string => toHex(id).slice(0, 8)
  const words = (all: readonly string[]): string => all.toSorted().join(' ')
  return {
    statements: words(
      pools.statements
        .for(chain.next)
        .filter(
          ({ stated, statement }) =>
            statement.epoch <= world.lastEpoch && world.isHonest(stated.owner),
        )
        .map(({ id, statement }) => `${short(id)} (${statement.epoch})`),
    ),
    evidence: words([
      ...pools.evidence.all().map(({ proven }) => `${proven.kind} ${proven.accused.slice(-8)}`),
      ...pools.farewells.all().map(({ id }) => short(id)),
    ]),
    audits: words(pools.audits.all().map(({ audit }) => short(audit.id))),
    owners: words(pools.owners.all().map(({ id }) => short(id))),
  }
}
