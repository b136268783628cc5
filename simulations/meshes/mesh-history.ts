/**
 * What the disks of a simulated mesh hold in the end, and what somebody who was never there makes of it.
 *
 * @module
 */

import { toHex, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { EpochChain } from '../../node/epoch/epoch-chain.ts'
import {
  type Committee,
  type CutBody,
  decodeCutBody,
  decodeEpochRecord,
  decodeHeader,
  encodeParameters,
  type EpochRecord,
} from '../../protocols/epoch/index.ts'
import { BEGIN_WALL_MS } from './device-clock.ts'
import type { MeshMember } from './mesh-member.ts'
import type { MeshWorld } from './mesh-world.ts'

/** Longest run. */
const EPOCHS_MAX = 4_096

/** An epoch, folded anew. */
export interface FoldedEpoch {
  readonly epoch: number
  readonly round: number
  readonly body: CutBody
  readonly committee: Committee
  /** Who is proven to have broken a rule, as of its end. */
  readonly faulted: ReadonlySet<PeerId>
}

export interface MeshHistory {
  /** Of each epoch that is on a disk, its header and its cut, by device. */
  readonly kept: ReadonlyMap<number, ReadonlyMap<number, string>>
  readonly folded: readonly FoldedEpoch[]
  /** Why what was decided cannot be folded anew. */
  readonly problem: string | undefined
}

export async function historyOf(world: MeshWorld): Promise<MeshHistory> {
  const kept = new Map<number, Map<number, string>>()
  let longest: readonly EpochRecord[] = []
  for (const member of world.honest) {
    const records = await recordsOf(member)
    // A row that no start of the device has read again is as the disk left it.
    if (member.disk.rotten) continue
    if (records.length > longest.length) longest = records
    for (const { value, cut } of records) {
      const header = decodeHeader(value)
      if (header.type === 'refused') continue
      const { epoch } = header.value
      const devices = kept.get(epoch) ?? new Map<number, string>()
      kept.set(epoch, devices.set(member.number, `${toHex(value)} ${toHex(cut)}`))
    }
  }
  return { kept, ...foldedOf(world, longest) }
}

/** Decided epochs from the first one on, as far as they can be read. */
async function recordsOf({ disk }: MeshMember): Promise<readonly EpochRecord[]> {
  const rows = await disk.range({ from: utf8('D'), to: utf8('E'), limit: EPOCHS_MAX })
  const records: EpochRecord[] = []
  for (const { value } of rows) {
    const record = decodeEpochRecord(value)
    if (record.type === 'refused') break
    records.push(record.value)
  }
  return records
}

function foldedOf(
  world: MeshWorld,
  records: readonly EpochRecord[],
): Pick<MeshHistory, 'folded' | 'problem'> {
  const { crypto, plan } = world
  const { network } = world.roster
  const parameters = encodeParameters({ epochMs: plan.epochMs })
  const founder = world.signerOf(0).peer
  const chain = new EpochChain({ crypto, network, founder, parameters, createdMs: BEGIN_WALL_MS })
  const folded: FoldedEpoch[] = []
  for (const record of records) {
    const { committee, next: epoch } = chain
    const appended = chain.appendRecord(record)
    const body = decodeCutBody(record.cut)
    if (typeof appended === 'string') {
      return { folded, problem: `epoch ${epoch} does not hold: ${appended}` }
    }
    if (body.type === 'refused') break
    const scores = chain.top?.scores.scores ?? []
    const faulted = new Set(scores.filter((one) => one.faulted).map(({ device }) => device))
    const { round } = record.certificate
    folded.push({ epoch, round, body: body.value, committee, faulted })
  }
  return { folded, problem: undefined }
}
