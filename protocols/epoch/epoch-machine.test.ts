import { describe, expect, it } from 'vitest'
import type { Signer } from '../../core/crypto.ts'
import { utf8 } from '../../core/bytes.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  proposalBy,
  quorumFor,
  testCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import {
  idOne,
  idTwo,
  one,
  polka,
  proposes,
  Seat,
  seats,
  timeouts,
  two,
  votes,
} from '../../test/fixtures/epoch-machine-seat.ts'
import { answersTo, encodeDoubleProposal, verifyDoubleProposal } from './evidence.ts'
import type { EpochMessage } from './messages.ts'

describe('a seat', () => {
  it('votes for what is proposed, and decides with the others', () => {
    const seat = new Seat().hear(
      proposes(0, one),
      ...votes('prevote', 0, idOne, [0, 1]),
      ...votes('precommit', 0, idOne, [0, 1]),
    )
    expect(seat.votes()).toEqual(['prevote 0 one', 'precommit 0 one'])
    expect(seat.machine.decision?.value).toEqual(one)
    expect(seat.machine.deadlineMs()).toBeUndefined()
  })

  it('decides alone when it is alone', () => {
    const alone = testCommittee(1, 4)
    const seat = new Seat({
      committee: alone.committee,
      order: [0],
      seat: 0,
      signer: alone.signers[0] as Signer,
    })
    seat.feed({ type: 'built', round: 0, value: one })
    expect(seat.machine.decision?.value).toEqual(one)
  })

  it('proposes what it is asked for when it is its turn', () => {
    const seat = new Seat({ seat: 0, signer: seats.signers[0] as Signer })
    expect(seat.other).toEqual([{ type: 'build', round: 0 }])
    seat.feed({ type: 'built', round: 0, value: one })
    expect(seat.sent.map(({ type }) => type)).toEqual(['proposal', 'vote'])
  })

  it('gives up on a proposer, on a polka and on a round, each in its time', () => {
    const seat = new Seat().wait(2_999)
    expect(seat.votes()).toEqual([])
    seat.wait(1).hear(...votes('prevote', 0, idOne, [0]), ...votes('prevote', 0, undefined, [1]))
    expect(seat.votes()).toEqual(['prevote 0 nil'])
    seat.wait(1_000).hear(...votes('precommit', 0, undefined, [0, 1]))
    expect(seat.votes()).toEqual(['prevote 0 nil', 'precommit 0 nil'])
    seat.wait(1_000)
    expect(seat.machine.round).toBe(1)
  })

  it('follows to a round in which an honest seat is, and not one seat to any', () => {
    const seat = new Seat().hear(...votes('prevote', 3, idOne, [0]))
    expect(seat.machine.round).toBe(0)
    seat.hear(...votes('prevote', 3, undefined, [1]))
    expect(seat.machine.round).toBe(3)
    const far = new Seat().hear(...votes('prevote', 4_000, undefined, [0]))
    expect(far.machine.round).toBe(0)
    far.hear(...votes('prevote', 900, undefined, [1]))
    expect(far.machine.round).toBe(900)
  })

  it('votes for nothing that it may not', () => {
    const seat = new Seat()
    const outputs = seat.machine.handle(
      { type: 'message', from: 'peer', message: proposes(0, one) },
      0,
    )
    expect(outputs).toEqual([{ type: 'check', round: 0, value: one, hasPolka: false }])
    seat.feed({ type: 'checked', round: 0, value: one, valid: false })
    expect(seat.votes()).toEqual(['prevote 0 nil'])
  })
})

describe('a seat that finds a proposal unfair', () => {
  const fairWithPolka = (): Seat => {
    const seat = new Seat()
    seat.judges = (hasPolka) => hasPolka
    return seat.hear(proposes(0, one))
  }

  it('precommits it in the same round, once a quorum has found it fair', () => {
    const seat = fairWithPolka()
    expect(seat.votes()).toEqual(['prevote 0 nil'])
    seat.hear(...votes('prevote', 0, idOne))
    expect(seat.votes()).toEqual(['prevote 0 nil', 'precommit 0 one'])
    expect([seat.asked, seat.record?.locked]).toEqual([[false, true], { round: 0, value: one }])
  })

  it('prevotes it in a later round, where those who are locked on it show their polka', () => {
    const seat = fairWithPolka()
      .hear(...votes('prevote', 0, undefined), ...votes('precommit', 0, undefined))
      .wait(1_000)
      .hear(proposes(1, one, 0))
    expect([seat.machine.round, seat.votes().at(-1)]).toEqual([1, 'precommit 0 nil'])
    seat.hear(polka(0, idOne))
    expect(seat.votes().at(-1)).toBe('prevote 1 one')
  })

  it('asks no more than once with a polka, and votes for nothing that is wrong with one', () => {
    const seat = new Seat()
    seat.judges = () => false
    seat.hear(proposes(0, one), ...votes('prevote', 0, idOne), polka(0, idOne)).wait(10_000)
    expect(seat.asked).toEqual([false, true])
    expect(seat.votes()).toEqual(['prevote 0 nil', 'precommit 0 nil'])
  })
})

describe('a locked seat', () => {
  const locked = (): Seat =>
    new Seat()
      .hear(proposes(0, one), ...votes('prevote', 0, idOne), ...votes('precommit', 0, undefined))
      .wait(1_000)

  it('has precommitted, and goes on', () => {
    const seat = locked()
    expect(seat.votes()).toEqual(['prevote 0 one', 'precommit 0 one'])
    expect([seat.machine.round, seat.record?.locked]).toEqual([1, { round: 0, value: one }])
  })

  it('votes for no other value, and asks nothing about one', () => {
    const seat = locked().hear(proposes(1, two))
    expect(seat.votes().at(-1)).toBe('prevote 1 nil')
    expect(seat.asked.length).toBe(1)
  })

  it('votes for its own again', () => {
    expect(locked().hear(proposes(1, one)).votes().at(-1)).toBe('prevote 1 one')
  })

  it('waits for the polka that a proposal speaks of, and is freed by a later one', () => {
    const seat = locked()
      .hear(...votes('precommit', 1, undefined, [0, 1, 2]))
      .wait(1_500)
    seat.hear(proposes(2, two, 1))
    expect(seat.votes().filter((vote) => vote.startsWith('prevote 2'))).toEqual([])
    seat.hear(polka(1, idTwo))
    expect(seat.votes().at(-1)).toBe('prevote 2 two')
    expect(seat.record?.answers.map(({ round }) => round)).toEqual([0, 1])
  })

  it('is freed by no polka that is as old as its lock is not', () => {
    const late = new Seat()
      .hear(...votes('precommit', 0, undefined, [0, 1, 2]))
      .wait(1_000)
      .hear(proposes(1, one), ...votes('prevote', 1, idOne), ...votes('precommit', 1, undefined))
      .wait(1_500)
    expect(late.votes()).toContain('precommit 1 one')
    late.hear(polka(0, idTwo), proposes(2, two, 0))
    expect(late.votes().at(-1)).toBe('prevote 2 nil')
  })

  it('proposes its value, with the polka for it', () => {
    const seat = locked()
      .hear(...votes('precommit', 1, undefined))
      .wait(1_500)
      .hear(...votes('precommit', 2, undefined))
      .wait(2_000)
    const [proposal, shown] = seat.sent.slice(-3)
    expect(proposal).toMatchObject({ proposal: { round: 3, value: one, validRound: 0 } })
    expect(shown).toMatchObject({ type: 'polka', polka: { round: 0 } })
  })
})

describe('the disk', () => {
  it('has a vote before anybody else does', () => {
    const seat = new Seat()
    seat.diskStands = true
    seat.hear(proposes(0, one))
    expect([seat.sent, seat.record?.prevote]).toEqual([[], { value: idOne }])
    seat.feed({ type: 'persisted', token: 0 })
    expect(seat.votes()).toEqual(['prevote 0 one'])
  })

  it('makes a seat say after a crash what it said before, and nothing else', () => {
    const before = new Seat().hear(proposes(0, one), ...votes('prevote', 0, idOne))
    const after = new Seat({ record: before.record })
    expect(after.votes()).toEqual(before.votes())
    after
      .hear(...votes('precommit', 0, undefined))
      .wait(1_000)
      .hear(proposes(1, two))
    expect(after.votes().at(-1)).toBe('prevote 1 nil')
  })

  it('makes a proposer propose the same again', () => {
    const init = { seat: 0, signer: seats.signers[0] as Signer }
    const before = new Seat(init)
    before.feed({ type: 'built', round: 0, value: one })
    const after = new Seat({ ...init, record: before.record })
    after.feed({ type: 'built', round: 0, value: two })
    expect(after.sent).toEqual(before.sent)
  })
})

describe('a device without a seat', () => {
  it('signs nothing, and learns what is decided', () => {
    const seat = new Seat({ seat: undefined })
      .hear(proposes(0, one), ...votes('prevote', 0, idOne))
      .wait(60_000)
    expect(seat.votes()).toEqual([])
    // It asks; nothing that it says is signed by it.
    expect(seat.sent.some(({ type }) => type === 'round')).toBe(true)
    seat.hear(...votes('precommit', 0, idOne))
    expect(seat.machine.decision?.value).toEqual(one)
  })
})

describe('who is late', () => {
  const certificate = quorumFor(seats, { kind: 'precommit', round: 0, value: idOne })
  const decision: EpochMessage = { type: 'decision', decision: { value: one, certificate } }

  it('believes a decision with its quorum', () => {
    expect(new Seat().hear(decision).machine.decision?.value).toEqual(one)
  })

  it('is told by who knows, once in a while', () => {
    const seat = new Seat().hear(decision, ...votes('prevote', 0, undefined, [1, 2]))
    expect(seat.sent.filter(({ type }) => type === 'decision').length).toBe(2)
  })
})

describe('what is wrong', () => {
  const [right] = votes('prevote', 0, idOne, [1])
  const forged = { ...(right as Extract<EpochMessage, { type: 'vote' }>).vote, seat: 2 }
  const small = quorumFor(seats, { kind: 'prevote', round: 0, value: idOne })
  const precommits = quorumFor(seats, { kind: 'precommit', round: 0, value: idOne })

  it.each<[string, EpochMessage, string]>([
    ['a vote in the name of another', { type: 'vote', vote: forged }, 'EPOCH_SIGNATURE_INVALID'],
    [
      'a vote of a seat that there is not',
      { type: 'vote', vote: { ...forged, seat: 9 } },
      'EPOCH_SEAT_INVALID',
    ],
    [
      'a proposal out of turn',
      {
        type: 'proposal',
        proposal: proposalBy(seats, 1, { round: 0, value: one, validRound: undefined }),
      },
      'EPOCH_SEAT_INVALID',
    ],
    ['a polka of the future', proposes(1, one, 1), 'EPOCH_ROUND_INVALID'],
    [
      'a polka that is too small',
      { type: 'polka', polka: { ...small, signatures: small.signatures.slice(1) } },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    ['a polka of precommits', { type: 'polka', polka: precommits }, 'EPOCH_CERTIFICATE_INVALID'],
    [
      'a decision of prevotes',
      { type: 'decision', decision: { value: one, certificate: small } },
      'EPOCH_CERTIFICATE_INVALID',
    ],
    [
      'a decision on another value',
      { type: 'decision', decision: { value: two, certificate: precommits } },
      'EPOCH_CERTIFICATE_INVALID',
    ],
  ])('%s is a fault: %3$s', (_, message, code) => {
    const seat = new Seat().hear(message)
    expect(seat.codes()).toEqual([code])
    expect(seat.machine.decision).toBeUndefined()
  })

  it('a second proposal is the fault of its proposer, and proves it, once', () => {
    const seat = new Seat().hear(proposes(0, one), proposes(0, one))
    expect(seat.other).toEqual([])
    seat.hear(proposes(0, two), proposes(0, utf8('three')))
    const fault = { type: 'fault', from: seats.committee[0], code: 'EPOCH_PROPOSAL_CONFLICT' }
    const conflict = expect.objectContaining({ type: 'conflict' })
    expect(seat.other).toEqual([fault, conflict, fault])
    const [proof] = seat.other.flatMap((output) => (output.type === 'conflict' ? output.proof : []))
    const encoded = proof && encodeDoubleProposal(proof)
    expect(encoded && verifyDoubleProposal(nodeCrypto.verify, encoded)).toMatchObject({
      value: { accused: seats.committee[0], round: 0, epoch: epochContext.epoch },
    })
  })

  it('a double vote is evidence, once', () => {
    const seat = new Seat().hear(
      ...votes('prevote', 0, idOne, [1]),
      ...votes('prevote', 0, idTwo, [1]),
      ...votes('prevote', 0, undefined, [1]),
    )
    expect(seat.other).toMatchObject([{ type: 'evidence', proof: { accused: seats.committee[1] } }])
  })

  it('an accusation, which may have an answer, hides no double vote', () => {
    const seat = new Seat().hear(
      ...votes('precommit', 0, idOne, [1]),
      ...votes('prevote', 2, idTwo, [1]),
      ...votes('prevote', 2, idOne, [1]),
    )
    expect(seat.other.map(({ type }) => type)).toEqual(['suspect', 'evidence'])
  })

  it('a change of mind is asked about, unless the polka for it is known', () => {
    const change = [...votes('precommit', 0, idOne, [1]), ...votes('prevote', 2, idTwo, [1])]
    const [asked] = new Seat().hear(...change).other
    expect(asked).toMatchObject({ type: 'suspect', accusation: { accused: seats.committee[1] } })
    const knows = new Seat().hear(polka(1, idTwo), ...change)
    expect(knows.other).toEqual([])
    const accusation = asked?.type === 'suspect' ? asked.accusation : undefined
    if (accusation === undefined) throw new Error('expected an accusation')
    const answers = knows.machine.polkas.filter((each) => answersTo(accusation, each))
    expect(answers.map(({ round }) => round)).toEqual([1])
    expect(new Seat().machine.polkas).toEqual([])
  })

  it('shows the way into its round also after a crash', () => {
    const before = new Seat().wait(3_000).hear(...votes('precommit', 0, undefined))
    before.wait(1_000)
    expect(before.machine.round).toBe(1)
    before.wait(4_500)
    const again = new Seat({ record: before.record })
    again.wait(timeouts.repeatMs)
    const rounds = again.sent.filter((message) => message.type === 'round')
    const left = new Seat({ seat: 0 }).hear(...rounds).wait(1_000)
    expect([again.machine.round, left.machine.round]).toEqual([1, 1])
  })
})
