import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { encodeEpochMessage, EpochMachine, type EpochMessage } from '../../protocols/epoch/index.ts'
import { device, madeUpKey, nodeCrypto } from '../../test/fixtures/devices.ts'
import { epochContext, testCommittee, voteBy } from '../../test/fixtures/epoch-committee.ts'
import { rememberSignatures } from '../crypto/remembered-signatures.ts'
import { EarlyMessages } from './early-messages.ts'
import type { EpochChain } from './epoch-chain.ts'
import { MessageGate } from './message-gate.ts'
import { Refusals } from './refusals.ts'

const seats = testCommittee(4)
const later = testCommittee(4, 2)
const founder = device(9)
const [liar, stranger] = [device(4).peer, madeUpKey(1).peer]
const { epoch: next, network } = epochContext
const value = nodeCrypto.sha256(utf8('a header'))

function gate() {
  let verified = 0
  const crypto = rememberSignatures(
    {
      sha256: nodeCrypto.sha256,
      verify: (...asked) => {
        verified++
        return nodeCrypto.verify(...asked)
      },
    },
    1_024,
  )
  const asked: PeerId[] = []
  const clock = { nowMs: 0 }
  const refusals = new Refusals({ logger: SILENT_LOGGER, isMember: (peer) => peer !== stranger })
  const chain = {
    next,
    committee: seats.committee,
    restarting: undefined,
    top: { header: { epoch: next - 1 }, committee: later.committee },
    fold: { committees: { afterNext: later.committee } },
    isRestartedBy: () => false,
  } as unknown as EpochChain
  const made = new MessageGate({
    crypto,
    network,
    founder: founder.peer,
    chain,
    refusals,
    follow: (peer) => void asked.push(peer),
    onElsewhere: () => undefined,
    nowMs: () => clock.nowMs,
  })
  return { gate: made, asked, clock, refusals, crypto, verifications: () => verified }
}

const prevote = (seat = 0, by = seats, epoch = next): EpochMessage => ({
  type: 'vote',
  vote: voteBy(by, seat, { kind: 'prevote', round: 0, value }, { network, epoch }),
})
const sent = (message: EpochMessage, epoch = next, mesh = network): Uint8Array =>
  encodeEpochMessage({ network: mesh, epoch }, message)

describe('what is gossiped about an epoch', () => {
  it.each<[string, Uint8Array, string]>([
    ['of seats', sent(prevote()), 'heard'],
    ['of seats of the epoch after it', sent(prevote(0, later, next + 1), next + 1), 'heard'],
    ['of seats of the one before it', sent(prevote(0, later, next - 1), next - 1), 'heard'],
    ['of an epoch that nobody knows', sent(prevote(), next + 2), 'ignore'],
    ['of an epoch long ago', sent(prevote(), next - 2), 'ignore'],
    ['of a founder that may have begun again', sent(prevote(0, testCommittee(1, 9))), 'ignore'],
    ['of who has no seat', sent(prevote(0, testCommittee(1, 7))), 'EPOCH_SIGNATURE_INVALID'],
    ['of another mesh', sent(prevote(), next, value), 'EPOCH_MISMATCH'],
    ['cut short', sent(prevote()).subarray(0, -1), 'EPOCH_MESSAGE_MALFORMED'],
    ['of a version to come', sent(prevote()).with(1, 2), 'EPOCH_VERSION_UNSUPPORTED'],
    ['too long', new Uint8Array(16_385), 'EPOCH_MESSAGE_TOO_LONG'],
  ])('%s: %3$s', (_, data, fate) => {
    const { gate: made, refusals } = gate()
    const heard = made.hear(liar, data)
    const [code] = refusals.counts.keys()
    expect(heard === 'reject' ? code : typeof heard === 'string' ? heard : 'heard').toBe(fate)
  })

  it('is heard in no encoding but its own: no bit of it can change, and nothing be missing', () => {
    const whole = sent(prevote())
    const { gate: made } = gate()
    const changed = [...whole.entries()].map(([at, byte]) => whole.with(at, byte ^ (1 << (at % 8))))
    const short = [...whole.keys()].map((length) => whole.subarray(0, length))
    for (const data of [...changed, ...short]) expect(typeof made.hear(liar, data)).toBe('string')
  })

  it('is verified once, by whoever reads it first', () => {
    const { gate: made, crypto, verifications } = gate()
    const machine = new EpochMachine({
      ...epochContext,
      committee: seats.committee,
      order: [0, 1, 2, 3],
      seat: undefined,
      signer: founder,
      crypto,
      timeouts: { proposeMs: 1, proposeGrowthMs: 1, voteMs: 1, voteGrowthMs: 1, repeatMs: 1 },
      record: undefined,
    })
    for (let time = 0; time < 3; time++) {
      for (const seat of [0, 1, 2]) {
        const heard = made.hear(liar, sent(prevote(seat)))
        if (typeof heard === 'string') throw new Error(heard)
        machine.handle({ type: 'message', from: liar, message: heard.message }, time)
      }
    }
    expect(verifications()).toBe(3)
  })

  it('of epochs to come has its sender asked what was decided, now and then', () => {
    const { gate: made, asked, clock } = gate()
    for (let at = 0; at < 1_000; at++) made.hear(liar, sent(prevote(), next + 900))
    expect(asked).toEqual([liar])
    clock.nowMs += 1_000
    made.hear(liar, sent(prevote(), next + 900))
    expect(asked).toEqual([liar, liar])
  })
})

describe('who sends what no honest device sends', () => {
  it('is not heard until the next epoch, a member by itself, and made-up keys together', () => {
    const { refusals } = gate()
    for (let at = 0; at < 64; at++) refusals.note(liar, 'EPOCH_SIGNATURE_INVALID')
    for (let at = 0; at < 63; at++) refusals.note(stranger, 'EPOCH_MESSAGE_MALFORMED')
    expect([liar, stranger, founder.peer].map((peer) => refusals.isSilenced(peer))).toEqual([
      true,
      false,
      false,
    ])
    refusals.note(stranger, 'EPOCH_MISMATCH')
    expect(refusals.isSilenced(stranger)).toBe(true)
    expect(Object.fromEntries(refusals.counts)).toEqual({
      EPOCH_SIGNATURE_INVALID: 64,
      EPOCH_MESSAGE_MALFORMED: 63,
      EPOCH_MISMATCH: 1,
    })
    refusals.forgive()
    expect(refusals.isSilenced(liar)).toBe(false)
  })
})

describe('messages of an epoch that has not begun here', () => {
  const { committee } = seats
  const early = (from: PeerId, bytes: number) => ({ from, message: prevote(), bytes })

  it('of one seat, or of all who have none, take up no more than their share', () => {
    const held = new EarlyMessages()
    const [honest] = committee as [PeerId]
    held.keep(early(honest, 1), committee)
    for (let at = 0; at < 10_000; at++) {
      held.keep(early(liar, 200), committee)
      held.keep(early(madeUpKey(at % 50).peer, 200), committee)
    }
    const kept = held.take()
    expect(kept.length).toBe(1 + 16 + 16)
    expect(kept[0]?.from).toBe(honest)
    expect(held.take()).toEqual([])
  })

  it('are bounded by bytes, and of one sender the last are kept', () => {
    const held = new EarlyMessages()
    for (let at = 1; at <= 12; at++) held.keep(early(liar, 16_000 + at), committee)
    expect(held.take().map(({ bytes }) => bytes)).toEqual([16_009, 16_010, 16_011, 16_012])
  })
})
