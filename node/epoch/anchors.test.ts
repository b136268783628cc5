import { afterEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  advanceTrust,
  changeBy,
  type Consent,
  encodeChange,
  encodeConsent,
  encodeParameters,
  EPOCH_LIMITS,
  signConsent,
  trustedFrom,
} from '../../protocols/epoch/index.ts'
import { TRUST_LIMITS } from '../../trust/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  EMPTY_CUT,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { bodyProblem } from './cut-check.ts'
import type { ParameterWish } from './epoch-commands.ts'

const { CHANGE_EPOCHS, EPOCH_MS_DEFAULT, COMMITTEE_SEATS_MAX } = EPOCH_LIMITS

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

async function seated(): Promise<{ world: EpochMesh; four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(6.5)
  return { world, four: world.devices as unknown as FourDevices }
}

const valuesOf = (one: EpochDevice) => chainOf(one).fold.parameters.valuesAt(chainOf(one).next)
const peersOf = (devices: readonly EpochDevice[]): readonly PeerId[] =>
  devices.map(({ signer }) => signer.peer).toSorted()
const massOf = (one: EpochDevice, of: EpochDevice): number =>
  chainOf(one).fold.explain(of.signer.peer)?.mass.units ?? 0
const isChanging = (one: EpochDevice): boolean =>
  chainOf(one).fold.parameters.isChangingIn(chainOf(one).next)

async function want(devices: readonly EpochDevice[], wish: ParameterWish): Promise<void> {
  for (const { epochs } of devices) await epochs.opened.commands.want(wish)
}

/** Why a device does not want something; undefined when it does. */
async function refusal(one: EpochDevice, wish: ParameterWish): Promise<unknown> {
  try {
    await want([one], wish)
  } catch (error) {
    return (error as { code: string }).code
  }
  return undefined
}

describe('a mesh whose trust starts at its founder', () => {
  it('lets it start at others as well, once seats and the founder want it, everywhere at once', async () => {
    const { world, four } = await seated()
    const [founder, second, third, fourth] = four
    const wish = { addAnchors: [second.signer.peer] }
    // A quorum of seats is not enough where trust starts.
    await want([second, third, fourth], wish)
    await world.pass(2)
    expect(four.map(isChanging)).toEqual([false, false, false, false])
    await want([founder], wish)
    await world.pass(1)
    expect(four.map(isChanging)).toEqual([true, true, true, true])
    const [all, half] = [TRUST_LIMITS.MASS_TOTAL, TRUST_LIMITS.MASS_TOTAL / 2]
    expect(four.map((one) => massOf(founder, one))).toEqual([all, 0, 0, 0])
    await world.pass(CHANGE_EPOCHS)
    expect(four.map((one) => massOf(third, one))).toEqual([half, half, 0, 0])
    expect(four.map((one) => valuesOf(one).anchors)).toEqual(
      four.map(() => peersOf([founder, second])),
    )
    // The header names them, and says so to whoever follows headers only.
    const { top } = chainOf(fourth)
    if (top === undefined) throw new Error('epochs were certified')
    const encoded = encodeParameters(valuesOf(fourth))
    expect(top.header.parameters).toEqual(nodeCrypto.sha256(encoded))
    // Two thirds of two are both.
    const less = { removeAnchors: [founder.signer.peer] }
    await want([second, third, fourth], less)
    await world.pass(1)
    expect(isChanging(second)).toBe(false)
    await want([founder], less)
    await world.pass(CHANGE_EPOCHS + 1)
    expect(four.map((one) => massOf(one, second))).toEqual([all, all, all, all])
    expect(headersOf(four)).toBe(1)
    expect(four.flatMap(({ epochs }) => epochs.opened.problems)).toEqual([])
    expect(four.flatMap(({ failures }) => failures)).toEqual([])
  })

  it('keeps to it after a start from a snapshot, and tells newcomers and light clients', async () => {
    const { world, four } = await seated()
    const [founder, second] = four
    const first = chainOf(founder).top
    if (first === undefined) throw new Error('epochs were certified')
    const known = trustedFrom(nodeCrypto, first.value, first.committee)
    await want(four, { addAnchors: [second.signer.peer], seatsMax: 8, epochMs: 60_000 })
    await world.pass(CHANGE_EPOCHS + 2)
    await world.stop(second)
    for (const disk of second.machine.folders.values()) {
      // Only the snapshot leads on from here.
      const decided = [...disk.keys()].filter((key) => key.startsWith(toHex(utf8('D'))))
      for (const key of decided.toSorted().slice(0, 9)) disk.delete(key)
    }
    const again = await world.start(second.machine)
    while (!again.epochs.opened.ready) await settle()
    const newcomer = await world.newcomer(founder, 9)
    await world.connectAll()
    await world.pass(1)
    const all = [founder, again, newcomer]
    expect(headersOf(all)).toBe(1)
    expect(new Set(all.map((one) => massOf(one, second))).size).toBe(1)
    expect(all.map(valuesOf)).toEqual(
      all.map(() => ({ epochMs: 60_000, seatsMax: 8, anchors: peersOf([founder, second]) })),
    )
    const { top } = chainOf(founder)
    const wallMs = top?.header.cutWallMs ?? 0
    const later =
      known.type === 'value' && top && advanceTrust(nodeCrypto, known.value, top, wallMs)
    expect(later && later.type === 'value' && later.value.parameters).toEqual(
      nodeCrypto.sha256(encodeParameters(valuesOf(founder))),
    )
  })

  it('keeps the seat of an anchor that falls silent, and gives up that of one that leaves', async () => {
    const { world, four } = await seated()
    const [founder, second, third, fourth] = four
    await want(four, { addAnchors: [fourth.signer.peer, third.signer.peer] })
    await world.pass(CHANGE_EPOCHS + 2)
    await world.stop(fourth)
    await world.pass(15)
    expect(chainOf(founder).committee).toContain(fourth.signer.peer)
    // It cannot be asked, but two of three anchors are enough.
    await want([founder, second, third], { removeAnchors: [fourth.signer.peer] })
    await world.pass(CHANGE_EPOCHS + 4)
    expect(chainOf(founder).committee).not.toContain(fourth.signer.peer)
    expect(valuesOf(founder).anchors).toEqual(peersOf([founder, third]))
    await third.epochs.farewell(true)
    await world.stop(third)
    await world.pass(4)
    expect(chainOf(founder).committee).not.toContain(third.signer.peer)
    // Who has left is not asked whether trust may start elsewhere.
    await want([founder, second], { removeAnchors: [third.signer.peer] })
    await world.pass(1)
    expect(isChanging(founder)).toBe(true)
  })

  it('waits for no anchor that has not spoken since it was begun again', async () => {
    const { world, four } = await seated()
    const [founder, second, third, fourth] = four
    await want(four, { addAnchors: [third.signer.peer, fourth.signer.peer] })
    await world.pass(CHANGE_EPOCHS + 2)
    for (const one of [third, fourth]) await world.stop(one)
    await world.pass(14)
    expect(founder.epochs.opened.isFresh).toBe(false)
    const header = toHex(chainOf(founder).top?.id ?? utf8('none'))
    await founder.epochs.opened.commands.beginAgain(header)
    await world.pass(4)
    expect(founder.epochs.opened.isFresh).toBe(true)
    expect(chainOf(second).committee.toSorted()).toEqual(peersOf([founder, second]))
    // Trust starts at them all the same, and they sit again once they are back.
    expect(massOf(founder, third)).toBeGreaterThan(0)
    await world.start(third.machine)
    await world.connectAll()
    await world.pass(4)
    expect(chainOf(second).committee).toContain(third.signer.peer)
    expect(headersOf([founder, second])).toBe(1)
  })

  it('draws no more seats than its seats have agreed on', async () => {
    const world = await EpochMesh.of(5)
    mesh = world
    await world.pass(6.5)
    await want(world.devices, { seatsMax: 4 })
    await world.pass(1)
    const committees = (): readonly number[] =>
      world.devices.map((one) => chainOf(one).committee.length)
    expect(committees()).toEqual([5, 5, 5, 5, 5])
    await world.pass(CHANGE_EPOCHS + 2)
    expect(committees()).toEqual([4, 4, 4, 4, 4])
    expect(headersOf(world.devices)).toBe(1)
  })

  it('refuses anchors that nobody has heard, that are none, too few, and who has no say', async () => {
    const { world, four } = await seated()
    const [founder, second] = four
    const stranger = await world.newcomer(founder, 9)
    const peers = [founder, second, stranger].map(({ signer }) => signer.peer)
    const [own, other, new9] = peers as [PeerId, PeerId, PeerId]
    const refusals = [
      await refusal(founder, { addAnchors: [new9] }),
      await refusal(founder, { removeAnchors: [other] }),
      await refusal(founder, { removeAnchors: [own] }),
      await refusal(stranger, { seatsMax: 8 }),
      await refusal(founder, { addAnchors: [other], removeAnchors: [own] }),
    ]
    const invalid = 'TRUST_ANCHORS_INVALID'
    expect(refusals).toEqual([invalid, invalid, invalid, 'TRUST_NOT_SEATED', undefined])
    // Of what a seat wants, the last word counts, also in the same epoch.
    await want([founder], { seatsMax: 8 })
    const consents = founder.epochs.opened.pools.consents.all()
    expect(consents.map(({ parameters }) => toHex(parameters))).toEqual([
      toHex(encodeParameters({ epochMs: EPOCH_MS_DEFAULT, seatsMax: 8, anchors: [own] })),
    ])
    // Who wants what holds wants nothing any more, whatever the others do.
    await want([second], { seatsMax: 8 })
    await want(four.slice(2), { seatsMax: 8 })
    await want([founder, second], {})
    await world.pass(2)
    expect(isChanging(founder)).toBe(false)
  })

  it('is moved by no cut in which anchors, seats or their order are missing', async () => {
    const { four } = await seated()
    const [founder, second] = four
    const { chain, pools } = second.epochs.opened
    const { committee } = chain
    const { network } = chain.context
    const anchors = [founder.signer.peer]
    const values = { epochMs: EPOCH_MS_DEFAULT, seatsMax: COMMITTEE_SEATS_MAX }
    const parameters = encodeParameters({ ...values, anchors: peersOf([founder, second]) })
    const until = chain.next + 5
    const consentOf = ({ signer }: EpochDevice): Consent =>
      signConsent(signer, network, { number: 1, parameters, until })
    const whole = changeBy({ committee, anchors }, four.map(consentOf))
    const others = changeBy({ committee, anchors: [] }, four.slice(1).map(consentOf))
    if (whole === undefined || others === undefined) throw new Error('a quorum wants it')
    expect(changeBy({ committee, anchors }, four.slice(1).map(consentOf))).toBeUndefined()
    expect(whole.beside).toEqual([])
    const judge = { chain, pools, floorOf: () => undefined }
    const problemOf = (change: typeof whole): unknown =>
      bodyProblem(judge, { ...EMPTY_CUT, change: encodeChange(change) })
    expect(problemOf(whole)).toBeUndefined()
    const { seat: _, ...voice } = consentOf(founder)
    const own = { seat: founder.signer.peer, until, signature: voice.signature }
    // An anchor that is not among the seats that speak may speak beside them, and nobody else.
    expect(problemOf({ ...others, beside: [own] })).toBeUndefined()
    const bad = [
      others,
      { ...others, beside: [own, own] },
      { ...others, beside: others.voices.slice(0, 1) },
      { ...whole, beside: [own] },
      { ...whole, voices: whole.voices.slice(1) },
    ]
    expect(bad.map(problemOf)).toEqual(bad.map(() => 'EPOCH_CHANGE_INVALID'))
    const wrong = [
      encodeParameters({ ...values, seatsMax: 3, anchors }),
      encodeParameters({ ...values, anchors: [] }),
      encodeParameters({ ...values, anchors: [...anchors, ...anchors] }),
    ]
    const fates = wrong.map((encoded) => {
      const wanted = { number: 1, parameters: encoded, until }
      return pools.consents.take(encodeConsent(signConsent(founder.signer, network, wanted)))
    })
    expect(fates).toEqual(['invalid', 'invalid', 'invalid'])
  })
})
