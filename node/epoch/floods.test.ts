import { afterEach, describe, expect, it } from 'vitest'
import { concatBytes, toHex, utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import {
  encodeDoubleVote,
  type Decision,
  encodeEpochMessage,
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
import { ItemSet, Reconciliation } from '../../protocols/reconcile/index.ts'
import { openQuestions } from '../witness/question-link.ts'
import { bodyProblem } from './cut-check.ts'
import { evidenceItem } from './evidence-kinds.ts'
import { reconcileProtocol, takeItems } from './pool-sync.ts'
import { QUESTIONS_MAX } from './question-budget.ts'

const NOTHING = new ItemSet(nodeCrypto.sha256, [])

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
  /** So many keys take some seconds on a busy machine. */
  const MAKES_KEYS = { timeout: 40_000 }

  it(
    'is kept by nobody, and 2,000 of it hide no real proof, also after a restart',
    MAKES_KEYS,
    async () => {
      const { world, four } = await seated(14.5)
      const [first, second, third, liar] = four
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
      await third.network.publish(EPOCH_LIMITS.EVIDENCE_TOPIC, real)
      expect(honest.map(({ epochs }) => epochs.opened.pools.evidence.all().length)).toEqual([1, 1])
      await world.pass(1)
      expect(headersOf(honest)).toBe(1)
      for (const one of honest) expect(faulted(one)).toEqual([liar.signer.peer])
      expect(honest.map(domainsOf)).toEqual([before, before])
      expect(honest.map(({ epochs }) => epochs.opened.pools.evidence.all())).toEqual([[], []])
    },
  )

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

/** A vote of a seat, as it is gossiped. */
function voteOf(by: EpochDevice, round: number, signature?: Uint8Array): Uint8Array {
  const where = placeOf(by)
  const ballot = { kind: 'prevote' as const, round, value: nodeCrypto.sha256(utf8(`${round}`)) }
  const seat = chainOf(by).committee.indexOf(by.signer.peer)
  const signed = signature ?? signBallot(by.signer, where, ballot)
  return encodeEpochMessage(where, { type: 'vote', vote: { ...ballot, seat, signature: signed } })
}

/** How often a device has refused what others sent, by code. */
const refusedBy = ({ epochs }: EpochDevice): unknown =>
  Object.fromEntries(epochs.opened.refusals.counts)

describe('a flood of votes', () => {
  it('that are forged is read 64 times, goes no further, and stops nobody', async () => {
    const { world, four } = await seated()
    const [liar, ...honest] = [...four].toReversed() as unknown as FourDevices
    const before = chainOf(liar).next
    const forged = voteOf(liar, 0, new Uint8Array(64).fill(1))
    for (let at = 0; at < 3_000; at++) {
      await liar.network.publish(EPOCH_LIMITS.VOTES_TOPIC, forged)
    }
    await world.pass(0.4)
    // Nothing of the liar is read any more, until it is another epoch.
    expect(honest.map(refusedBy)).toEqual(honest.map(() => ({ EPOCH_SIGNATURE_INVALID: 64 })))
    const { refusals } = honest[0].epochs.opened
    await world.pass(0.6)
    expect(headersOf(honest)).toBe(1)
    expect(chainOf(honest[0]).next).toBe(before + 1)
    expect(refusals.isSilenced(liar.signer.peer)).toBe(false)
    expect(honest.flatMap(faulted)).toEqual([])
  })

  it('that come too early leaves room for those of others', async () => {
    const { world, four } = await seated()
    const [liar, late, ...honest] = [...four].toReversed() as unknown as FourDevices
    const before = chainOf(liar).next
    // Its clock is slow: for 20 s it hears of an epoch that it has not begun.
    late.clock.offMs = -20_000
    await world.pass(0.6 + 1e-4)
    for (let round = 0; round < 1_000; round++) {
      await liar.network.publish(EPOCH_LIMITS.VOTES_TOPIC, voteOf(liar, round))
    }
    await world.pass(0.9)
    expect(headersOf([late, ...honest])).toBe(1)
    expect(chainOf(late).next).toBe(before + 1)
    expect([late, ...honest].map(refusedBy)).toEqual([{}, {}, {}])
  })
})

describe('a flood of decisions', () => {
  it('that nobody made is read 64 times, and one that holds is looked into once at a time', async () => {
    const { world, four } = await seated()
    const [first, away, third, liar] = four
    const others = [first, third, liar].map(({ signer }) => signer.peer)
    await world.members.world.cut([away.signer.peer], others)
    const { network, epoch } = placeOf(away)
    await world.pass(1)
    const top = chainOf(first).top
    invariant(
      top !== undefined && top.header.epoch === epoch,
      'three seats decide without the fourth',
    )
    const { value, certificate } = top
    const decision = (decided: Decision) =>
      encodeEpochMessage({ network, epoch }, { type: 'decision', decision: decided })
    const { epochs } = away
    const forged = decision({ value: value.with(40, 0), certificate })
    const fates = Array.from({ length: 100 }, () =>
      epochs.opened.takeMessage(liar.signer.peer, forged),
    )
    expect(new Set(fates)).toEqual(new Set(['reject']))
    const held = decision({ value, certificate })
    for (let at = 0; at < 3_000; at++) epochs.opened.takeMessage(first.signer.peer, held)
    world.members.world.heal()
    await world.connectAll()
    expect(headersOf(four)).toBe(1)
    expect([away.failures, refusedBy(away)]).toEqual([[], { EPOCH_CERTIFICATE_INVALID: 100 }])
  })
})

describe('a flood of questions', () => {
  it('by one member ends when it has asked too much, and others are answered', async () => {
    const { world, four } = await seated()
    const [first, second, , liar] = four
    const { clock } = world.members
    const question = () => ({
      set: 'statements' as const,
      message: new Reconciliation(NOTHING).begin(),
    })
    let answered = 0
    const ask = async (by: EpochDevice, count: number): Promise<void> => {
      const link = await openQuestions(
        { network: by.network, clock },
        first.signer.peer,
        reconcileProtocol,
      )
      for (let at = 0; at < count; at++) {
        await link.ask(question())
        if (by === liar) answered++
      }
    }
    for (let link = 0; link < 20; link++) await ask(liar, 100).catch(() => undefined)
    expect(answered).toBeGreaterThan(400)
    expect(answered).toBeLessThanOrEqual(QUESTIONS_MAX)
    expect(Object.keys(refusedBy(first) as object)).toEqual(['EPOCH_QUESTIONS_TOO_MANY'])
    await ask(second, 50)
    // A little later it may ask again, a little.
    await world.pass(0.01)
    await ask(liar, 50)
  })
})

describe('a member that is asked for what it lists', () => {
  it.each<[string, readonly Uint8Array[], Record<string, number>]>([
    ['has none of it', [], {}],
    ['sends forgeries', Array(64).fill(Uint8Array.of(1)), { EPOCH_MESSAGE_MALFORMED: 64 }],
  ])('and %s, is not asked on', async (_, statements, refused) => {
    const { four } = await seated(2.5)
    const [first, liar] = four
    let questions = 0
    const link = {
      ask: async () => {
        questions++
        return { type: 'items', statements, evidence: [], audits: [], owners: [] }
      },
    } as unknown as Parameters<typeof takeItems>[0]
    const ids = Array.from({ length: 10_000 }, (__, at) => nodeCrypto.sha256(utf8(`${at}`)))
    await takeItems(link, first.epochs.opened, { from: liar.signer.peer, ids })
    expect([questions, refusedBy(first)]).toEqual([1, refused])
  })
})
