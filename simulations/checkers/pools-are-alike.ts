/**
 * In the end honest devices hold the same of what is in no epoch yet, and never more than they may.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { EpochRoom } from '../../node/epoch/epoch-room.ts'
import type { MeshChecker } from '../meshes/mesh-scenario.ts'

export const poolsAreAlike: MeshChecker = ({ honest }) => {
  const held = honest.flatMap(({ number, room }) =>
    room === undefined ? [] : [{ number, ...heldBy(room) }],
  )
  const names = ['statements', 'evidence', 'audits', 'owners'] as const
  return names.flatMap((name) => {
    const kinds = new Set(held.map((one) => one[name]))
    if (kinds.size < 2) return []
    return [`${name} differ: ${held.map((one) => `${one.number} has ${one[name]}`).join('; ')}`]
  })
}

/** What waits at a device, in words that are the same where it is the same. */
function heldBy({
  pools,
  chain,
}: EpochRoom): Readonly<Record<'statements' | 'evidence' | 'audits' | 'owners', string>> {
  const short = (id: Uint8Array): string => toHex(id).slice(0, 8)
  const words = (all: readonly string[]): string => all.toSorted().join(' ')
  return {
    statements: words(
      pools.statements
        .for(chain.next)
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
