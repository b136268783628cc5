/**
 * Capability records that are forged, expired or replayed, put about by a member of the mesh.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Invite } from '../../node/api/schemas/mesh.ts'
import type { PeerList } from '../../node/api/schemas/peers.ts'
import { type CapabilityRecord, sealRecord } from '../../protocols/presence/index.ts'
import { delay, until } from '../../test/fixtures/delay.ts'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { type HeardRecord, type Insider, startInsider } from './insider.ts'

/** Cores that no device here has: whoever shows them believed a false record. */
const LIE_CORES = 4_242
const HEARTBEAT_MS = 2_000

interface FalseRecord {
  readonly name: string
  /** Key in the DHT. */
  readonly peer: PeerId
  readonly encoded: Uint8Array
}

/** A record of the insider itself, dated from `issuedMs` on. */
function own(
  insider: Insider,
  template: CapabilityRecord,
  issuedMs: number,
  change: Partial<CapabilityRecord> = {},
): Uint8Array {
  const record: CapabilityRecord = {
    ...template,
    peer: insider.signer.peer,
    credential: insider.credential(),
    sequence: issuedMs,
    issuedMs,
    expiresMs: issuedMs + 60_000,
    ...change,
  }
  const sealed = sealRecord(record, insider.signer)
  if (sealed === undefined) throw new Error('the record is too long')
  return sealed
}

function falseRecords(insider: Insider, oldest: HeardRecord, nowMs: number): FalseRecord[] {
  const { record, encoded } = oldest
  const flipped = Uint8Array.from(encoded)
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1
  const lie = { cores: LIE_CORES }
  const inTheirName = { ...lie, peer: record.peer, credential: record.credential }
  return [
    { name: 'with a flipped bit', peer: record.peer, encoded: flipped },
    {
      name: 'in the name of another',
      peer: record.peer,
      encoded: own(insider, record, nowMs, inTheirName),
    },
    {
      name: 'expired',
      peer: insider.signer.peer,
      encoded: own(insider, record, nowMs - 3_600_000, lie),
    },
    {
      name: 'from the future',
      peer: insider.signer.peer,
      encoded: own(insider, record, nowMs + 3_600_000, lie),
    },
    {
      name: 'of another mesh',
      peer: insider.signer.peer,
      encoded: own(insider, record, nowMs, {
        ...lie,
        mesh: record.mesh.replace(/./, flipDigit) as CapabilityRecord['mesh'],
      }),
    },
    { name: 'replayed', peer: record.peer, encoded },
  ]
}

function flipDigit(digit: string): string {
  return digit === '0' ? '1' : '0'
}

export const claim: Claim = {
  sentence: 'A forged, expired or replayed capability record is refused, also from a member.',
  goal: 'no device takes one, from the DHT or by gossip; a true one is taken',
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet({
      env: { BRUME_PRESENCE_HEARTBEAT_MS: String(HEARTBEAT_MS) },
    })
    const [founder, victim] = await fleet.startMany(3)
    if (founder === undefined || victim === undefined) throw new Error('expected daemons')
    await fleet.formMesh('records')
    const { code } = await founder.api.post<Invite>('/v1/mesh/invites', {})
    await using insider = await startInsider(code, signal)
    const peer = victim.status.peer as PeerId
    const heard = await until('two records of one device', 30_000, () => {
      const records = insider.heard(peer)
      const [first, ...later] = records
      const newer = later.some(({ record }) => record.sequence > (first?.record.sequence ?? 0))
      return first !== undefined && newer ? records : undefined
    })
    const [oldest] = heard
    if (oldest === undefined) throw new Error('no record was heard')
    say(`the insider is a member and heard ${heard.length} records of one device`)

    const taken = await until('the true record is taken', 30_000, async () => {
      const count = await insider.put(insider.signer.peer, own(insider, oldest.record, Date.now()))
      return count > 0 ? count : undefined
    })
    say(`a true record: taken by ${taken}`)

    let refused = 0
    const lies = falseRecords(insider, oldest, Date.now())
    for (const { name, peer: key, encoded } of lies) {
      const takers = await insider.put(key, encoded)
      await insider.publish(encoded)
      if (takers === 0) refused++
      say(`a record ${name}: taken by ${takers}`)
    }
    await delay(2 * HEARTBEAT_MS)
    const believed = await Promise.all(
      fleet.daemons.map(async ({ api }) => {
        const { peers } = await api.get<PeerList>('/v1/peers')
        return peers.filter(({ cores }) => cores === LIE_CORES).length
      }),
    )
    const believers = believed.filter((count) => count > 0).length
    say(`${believers} daemons believe a lie`)
    return {
      met: refused === lies.length && believers === 0,
      figure: `${refused} of ${lies.length} refused by all, ${believers} believed`,
      facts: { refused, total: lies.length, believers, trueTakenBy: taken },
    }
  },
}
