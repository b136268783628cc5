import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import {
  encodeDoubleVote,
  encodeEvidenceItem,
  EPOCH_LIMITS,
  type EpochContext,
  type EvidenceItem,
  signBallot,
} from '../../protocols/epoch/index.ts'
import { madeUpKey, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  EMPTY_CUT,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'
import { bodyProblem } from './cut-check.ts'
import { evidenceItem } from './evidence-kinds.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

/** Four devices that have a seat each, half an epoch after the last cut. */
async function seated(
  epochs = 6.5,
): Promise<{ readonly world: EpochMesh; readonly four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(epochs)
  return { world, four: world.devices as unknown as FourDevices }
}

/** Where the next votes of a device belong. */
function placeOf(one: EpochDevice): EpochContext {
  const { context, next } = chainOf(one)
  return { network: context.network, epoch: next }
}

/** Two votes of a key, seat or not. */
function doubleVote(signer: Signer, where: EpochContext): EvidenceItem {
  const [one, other] = [1, 2].map((byte) => {
    const value = new Uint8Array(32).fill(byte)
    return { value, signature: signBallot(signer, where, { kind: 'prevote', round: 0, value }) }
  }) as [{ value: Uint8Array; signature: Uint8Array }, { value: Uint8Array; signature: Uint8Array }]
  const proof = { ...where, accused: signer.peer, precommit: 0, round: 0, one, other }
  return evidenceItem('double-vote', encodeDoubleVote(proof))
}

/** Who has no score any more, as `one` sees it. */
const faulted = (one: EpochDevice): readonly string[] =>
  (chainOf(one).top?.scores.scores ?? []).filter((score) => score.faulted).map((s) => s.device)

/** How much a device knows of who there is. */
const domainsOf = (one: EpochDevice): number => chainOf(one).fold.pack().trust.state.domains.length

describe('evidence against keys that are made up', () => {
  const THROWN_AWAY = 2_000

  it('is kept by nobody, and 2,000 of it hide no real proof, also after a restart', async () => {
    const { world, four } = await seated(14.5)
    const [first, second, , liar] = four
    const where = placeOf(liar)
    const flood = Array.from({ length: THROWN_AWAY }, (_, at) =>
      // Of an epoch so long ago that nobody knows its committee, of the last one, and of one to come.
      doubleVote(madeUpKey(at), { ...where, epoch: where.epoch + (at % 3) * 12 - 13 }),
    ).map(encodeEvidenceItem)
    for (const one of flood) await liar.network.publish(EPOCH_LIMITS.EVIDENCE_TOPIC, one)
    // What an earlier version has kept of it.
    await world.stop(second)
    for (const disk of second.machine.folders.values()) {
      for (const one of flood) {
        disk.set(toHex(concatBytes([utf8('E'), nodeCrypto.sha256(one)])), one)
      }
    }
    const back = await world.start(second.machine)
    await world.connectAll()
    const honest = [first, back]
    expect(honest.map(({ epochs }) => epochs.opened.pools.evidence.all().length)).toEqual([0, 0])
    const kept = [...back.machine.folders.values()].flatMap((disk) => [...disk.keys()])
    expect(kept.filter((key) => key.startsWith(toHex(utf8('E'))))).toEqual([])
    const before = domainsOf(first)
    const real = encodeEvidenceItem(doubleVote(liar.signer, where))
    await liar.network.publish(EPOCH_LIMITS.EVIDENCE_TOPIC, real)
    expect(honest.map(({ epochs }) => epochs.opened.pools.evidence.all().length)).toEqual([1, 1])
    await world.pass(1)
    expect(headersOf(honest)).toBe(1)
    for (const one of honest) expect(faulted(one)).toEqual([liar.signer.peer])
    expect(honest.map(domainsOf)).toEqual([before, before])
    expect(honest.map(({ epochs }) => epochs.opened.pools.evidence.all())).toEqual([[], []])
  })

  it('makes a cut invalid, and counts for nothing in one that was decided', async () => {
    const { four } = await seated()
    const [first] = four
    const { chain, pools } = first.epochs.opened
    const foreign = { ...EMPTY_CUT, evidence: [doubleVote(madeUpKey(0), placeOf(first))] }
    const judge = { chain, pools, floorOf: () => undefined }
    expect(bodyProblem(judge, foreign)).toBe('EPOCH_EVIDENCE_FOREIGN')
    expect(bodyProblem(judge, EMPTY_CUT)).toBeUndefined()
    const [withIt, without] = [foreign, EMPTY_CUT].map((cut) => chain.try(cut).fold)
    expect(withIt?.pack().trust.state).toEqual(without?.pack().trust.state)
  })
})
