import { afterEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import {
  type Accusation,
  type Certificate,
  certificateOf,
  encodeAccusation,
  encodeAnswer,
  encodeEpochMessage,
  encodeEvidenceItem,
  EPOCH_LIMITS,
  type EvidenceItem,
  signBallot,
  type Vote,
  type VoteKind,
} from '../../protocols/epoch/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { type EpochDevice, EpochMesh, type FourDevices } from '../../test/fixtures/epoch-mesh.ts'
import { Accusations } from './accusations.ts'
import { evidenceItem } from './evidence-kinds.ts'

const network = nodeCrypto.sha256(utf8('mesh'))
const signers: readonly Signer[] = [1, 2, 3, 4].map((number) => device(number))
const committee = signers.map(({ peer }) => peer)
const [one, other] = ['one', 'other'].map((word) => nodeCrypto.sha256(utf8(word))) as [
  Uint8Array,
  Uint8Array,
]
const EPOCH = 20
const { ACCUSED_EPOCHS_MAX, ANSWER_EPOCHS } = TRUST_LIMITS

interface Ballot {
  readonly kind: VoteKind
  readonly round: number
  readonly value: Uint8Array
}

interface Where {
  readonly network: Uint8Array
  readonly epoch: number
}

/** A precommit for one value in round 3, and a prevote for another in a later round. */
function accusationOf(signer: Signer, where: Where, to = 4): Accusation {
  const precommit = { round: 3, value: one }
  const prevote = { round: to, value: other }
  return {
    ...where,
    accused: signer.peer,
    precommit: {
      ...precommit,
      signature: signBallot(signer, where, { kind: 'precommit', ...precommit }),
    },
    prevote: { ...prevote, signature: signBallot(signer, where, { kind: 'prevote', ...prevote }) },
  }
}

/** Prevotes of three seats in round 3, by which a seat may change its mind in round 4. */
function polkaOf(where: Where, seats: readonly Signer[], value = other): Certificate {
  const ballot: Ballot = { kind: 'prevote', round: 3, value }
  const votes = seats.map((signer, seat): Vote => ({
    ...ballot,
    seat,
    signature: signBallot(signer, where, ballot),
  }))
  return certificateOf(
    votes,
    seats.map(({ peer }) => peer),
  )
}

const accusing = (accusation: Accusation): EvidenceItem =>
  evidenceItem('accusation', encodeAccusation(accusation))
const answering = (where: Where, polka: Certificate): EvidenceItem =>
  evidenceItem('answer', encodeAnswer({ ...where, polka }))

describe('accusations that epochs hold', () => {
  const accused = signers[3] as Signer
  const where = { network, epoch: EPOCH - 2 }
  const accusation = accusationOf(accused, where)
  const everybody = new Set(committee)

  function accusations(): Accusations {
    const made = new Accusations(nodeCrypto, network)
    for (let epoch = 0; epoch <= EPOCH; epoch++) made.open(epoch, committee)
    return made
  }

  /** Folds epochs until something is proven, or `count` of them. */
  function foldOn(made: Accusations, count: number, spoken = everybody): readonly string[] {
    const proven: string[] = []
    for (let at = 1; at <= count; at++) {
      proven.push(...made.fold([], spoken).map((held) => held.accusation.accused))
      made.open(EPOCH + at, committee)
    }
    return proven
  }

  it('are a fault once the accused was there long enough, and nobody answered', () => {
    const made = accusations()
    expect(made.fold([accusing(accusation)], everybody)).toEqual([])
    expect(foldOn(made, ANSWER_EPOCHS - 1)).toEqual([])
    expect(foldOn(made, 3)).toEqual([accused.peer])
    expect(made.fateOf(accusing(accusation))).toBe('known')
  })

  it('are none while the accused is away, and wait for it', () => {
    const made = accusations()
    made.fold([accusing(accusation)], everybody)
    const others = new Set(committee.slice(0, 3))
    expect(foldOn(made, 100, others)).toEqual([])
    expect(made.unanswered().length).toBe(1)
    expect(made.committeeOf(where.epoch)).toEqual(committee)
    expect(foldOn(made, ANSWER_EPOCHS)).toEqual([accused.peer])
  })

  it('are answered by a polka, whoever shows it, also in the same epoch', () => {
    const answer = answering(where, polkaOf(where, signers))
    const [made, together] = [accusations(), accusations()]
    made.fold([accusing(accusation)], everybody)
    expect(foldOn(made, ANSWER_EPOCHS - 2)).toEqual([])
    made.fold([answer], everybody)
    together.fold([accusing(accusation), answer], everybody)
    for (const each of [made, together]) {
      expect(each.unanswered()).toEqual([])
      expect(foldOn(each, ANSWER_EPOCHS + 1)).toEqual([])
    }
  })

  it.each<[string, Certificate, Where]>([
    ['for another value', polkaOf(where, signers, one), where],
    ['of too few seats', polkaOf(where, signers.slice(0, 2)), where],
    ['of another mesh', polkaOf({ ...where, network: one }, signers), where],
  ])('are not answered by a polka %s', (_, polka, of) => {
    const made = accusations()
    made.fold([accusing(accusation)], everybody)
    expect(made.fateOf(answering(of, polka))).toBe('invalid')
    made.fold([answering(of, polka)], everybody)
    expect(foldOn(made, ANSWER_EPOCHS)).toEqual([accused.peer])
  })

  it.each<[string, Accusation, string]>([
    ['of who has no seat', accusationOf(device(9), where), 'invalid'],
    ['of another mesh', accusationOf(accused, { ...where, network: one }), 'invalid'],
    ['of an epoch to come', accusationOf(accused, { ...where, epoch: EPOCH + 1 }), 'early'],
    [
      'of an epoch long ago',
      accusationOf(accused, { ...where, epoch: EPOCH - ACCUSED_EPOCHS_MAX - 1 }),
      'known',
    ],
    ['of two votes in one round', accusationOf(accused, where, 3), 'invalid'],
  ])('%s count for nothing', (_, made, fate) => {
    expect(accusations().fateOf(accusing(made))).toBe(fate)
  })

  it('are few in an epoch, few of one seat, and bounded in all', () => {
    const made = accusations()
    const flood = Array.from({ length: 40 }, (_, at) =>
      accusing(accusationOf(accused, where, at + 4)),
    )
    expect(made.takeAll(flood).length).toBe(8)
    for (let epoch = 0; epoch < 5; epoch++) made.takeAll(flood)
    expect(made.unanswered().length).toBe(16)
  })
})

describe('a mesh of four', () => {
  let mesh: EpochMesh | undefined
  afterEach(() => mesh?.end())

  /** Four that have a seat each, at the moment at which the next epoch is decided on. */
  async function seated(): Promise<{ world: EpochMesh; four: FourDevices; where: Where }> {
    const world = await EpochMesh.of(4)
    mesh = world
    await world.pass(6.1 - 1e-4)
    const four = world.devices as unknown as FourDevices
    const { chain } = four[0].epochs.opened
    return { world, four, where: { network: chain.context.network, epoch: chain.next } }
  }

  const faulted = ({ epochs }: EpochDevice): readonly string[] =>
    (epochs.opened.chain.top?.scores.scores ?? [])
      .filter((score) => score.faulted)
      .map((score) => score.device)

  const headers = (devices: readonly EpochDevice[]): number =>
    new Set(devices.map(({ epochs }) => toHex(epochs.opened.chain.top?.id ?? one))).size

  /** Publishes votes of rounds that no honest machine comes to, as if `signer` had cast them. */
  async function vote(by: EpochDevice, where: Where, ballots: readonly Ballot[]): Promise<void> {
    const seat = by.epochs.opened.chain.committee.indexOf(by.signer.peer)
    for (const ballot of ballots) {
      const cast = { ...ballot, seat, signature: signBallot(by.signer, where, ballot) }
      const message = encodeEpochMessage(where, { type: 'vote', vote: cast })
      await by.network.publish(EPOCH_LIMITS.VOTES_TOPIC, message)
    }
  }

  const changeOfMind: readonly Ballot[] = [
    { kind: 'precommit', round: 3, value: one },
    { kind: 'prevote', round: 4, value: other },
  ]

  it('asks who changed its mind, and holds it against who has no answer', async () => {
    const { world, four, where } = await seated()
    const [liar] = [...four].toReversed() as unknown as FourDevices
    await vote(liar, where, changeOfMind)
    await world.pass(2)
    // Its precommit in the round that decided has to be answered for as well.
    for (const { epochs } of four) {
      const asked = epochs.opened.chain.fold.accusations.unanswered()
      expect(asked.length).toBeGreaterThan(0)
      expect(new Set(asked.map(({ accusation }) => accusation.accused))).toEqual(
        new Set([liar.signer.peer]),
      )
    }
    expect(four.flatMap(faulted)).toEqual([])
    await world.pass(ANSWER_EPOCHS)
    expect(headers(four)).toBe(1)
    for (const each of four) expect(faulted(each)).toEqual([liar.signer.peer])
    const explained = four[0].epochs.opened.chain.fold.explain(liar.signer.peer)
    expect(explained?.faults.map(({ kind }) => kind)).toContain('amnesia')
  })

  it('lets the accused answer with what it kept, also after a restart, and nobody falls', async () => {
    const { world, four, where } = await seated()
    const [first, , , honest] = four
    // By number of their seats: the order in which a committee signs.
    const seats = first.epochs.opened.chain.committee.flatMap((peer) =>
      signers.filter((signer) => signer.peer === peer),
    )
    honest.epochs.opened.pools.amnesia.note(where.epoch, [polkaOf(where, seats)])
    await world.stop(honest)
    const accused = encodeEvidenceItem(accusing(accusationOf(honest.signer, where)))
    await world.pass(1)
    for (const { epochs, signer } of four.slice(0, 3)) {
      epochs.opened.pools.takeEvidence(signer.peer, accused)
    }
    await world.pass(2)
    expect(first.epochs.opened.chain.fold.accusations.unanswered().length).toBe(1)
    const back = await world.start(honest.machine)
    await world.connectAll()
    await world.pass(ANSWER_EPOCHS + 3)
    const all = [...four.slice(0, 3), back]
    expect(headers(all)).toBe(1)
    expect(all.flatMap(faulted)).toEqual([])
    expect(back.epochs.opened.chain.fold.accusations.unanswered()).toEqual([])
  })

  it('accuses nobody where some seat knows the answer', async () => {
    const { world, four, where } = await seated()
    const [first, second] = four
    const seats = first.epochs.opened.chain.committee.flatMap((peer) =>
      signers.filter((signer) => signer.peer === peer),
    )
    second.epochs.opened.pools.amnesia.note(where.epoch, [polkaOf(where, seats)])
    const accused = encodeEvidenceItem(accusing(accusationOf(four[3].signer, where)))
    expect(first.epochs.opened.pools.takeEvidence(second.signer.peer, accused)).toBe('new')
    await first.network.publish(EPOCH_LIMITS.EVIDENCE_TOPIC, accused)
    await world.pass(ANSWER_EPOCHS + 3)
    expect(headers(four)).toBe(1)
    expect(four.flatMap(faulted)).toEqual([])
    expect(first.epochs.opened.pools.amnesia.pending()).toEqual([])
  })
})
