import { afterEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import {
  changeBy,
  type Consent,
  encodeChange,
  encodeConsent,
  encodeParameters,
  EPOCH_LIMITS,
  signConsent,
} from '../../protocols/epoch/index.ts'
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
import { cutDueMs, epochAt, epochMsOf, spansOf, startMs } from './epoch-time.ts'

const { CHANGE_EPOCHS, CONSENT_EPOCHS_MAX, EPOCH_MS_DEFAULT } = EPOCH_LIMITS
const SHORT_MS = 60_000

describe('a calendar of two lengths', () => {
  const spans = spansOf(1_000, [
    { epoch: 0, epochMs: 300 },
    { epoch: 10, epochMs: 60 },
    { epoch: 20, epochMs: 600 },
  ])
  const calendar = { spans }

  it('has each epoch begin where the one before it ends', () => {
    for (let epoch = 0; epoch < 30; epoch++) {
      const beginsMs = startMs(calendar, epoch)
      expect(startMs(calendar, epoch + 1) - beginsMs).toBe(epochMsOf(calendar, epoch))
      expect(epochAt(calendar, beginsMs)).toBe(epoch)
      expect(epochAt(calendar, beginsMs - 1)).toBe(epoch - 1)
      expect(cutDueMs(calendar, epoch)).toBeGreaterThan(startMs(calendar, epoch + 1))
    }
    expect(epochAt(calendar, 0)).toBe(-4)
  })
})

describe('a mesh of four that wants shorter epochs', () => {
  let mesh: EpochMesh | undefined
  afterEach(() => mesh?.end())

  async function seated(): Promise<{ world: EpochMesh; four: FourDevices }> {
    const world = await EpochMesh.of(4)
    mesh = world
    await world.pass(6.5)
    return { world, four: world.devices as unknown as FourDevices }
  }

  const lengthsOf = (devices: readonly EpochDevice[]): readonly number[] =>
    devices.map(({ epochs }) => epochs.opened.epochMs)
  const isChanging = (one: EpochDevice): boolean =>
    chainOf(one).fold.parameters.isChangingIn(chainOf(one).next)
  const wants = (device: EpochDevice, epochMs = SHORT_MS): Promise<void> =>
    device.epochs.opened.commands.want({ epochMs })

  it('changes nothing while fewer than a quorum do, and all at one epoch once it does', async () => {
    const { world, four } = await seated()
    const [first, second, third, fourth] = four
    await wants(first)
    await wants(second)
    await world.pass(2)
    expect(four.map((one) => chainOf(one).fold.parameters.changes.length)).toEqual([0, 0, 0, 0])
    // Another wish makes no quorum with them.
    await wants(fourth, 2 * SHORT_MS)
    await world.pass(1)
    expect(isChanging(first)).toBe(false)
    await wants(third)
    await world.pass(1)
    expect(four.map(isChanging)).toEqual([true, true, true, true])
    const from = chainOf(first).fold.parameters.held.at(-1)?.epoch ?? 0
    expect(from).toBe(chainOf(first).fold.epoch + CHANGE_EPOCHS)
    expect(lengthsOf(four)).toEqual(four.map(() => EPOCH_MS_DEFAULT))
    await world.pass(CHANGE_EPOCHS - 0.5)
    const before = chainOf(first).next
    await world.pass(1)
    expect(lengthsOf(four)).toEqual(four.map(() => SHORT_MS))
    expect(chainOf(first).next - before).toBeGreaterThanOrEqual(4)
    await world.pass(1)
    expect(headersOf(four)).toBe(1)
    // Who was held to it is held to nothing any more, and what was wanted once does not come again.
    expect(four.flatMap(({ epochs }) => epochs.opened.pools.consents.all())).toEqual([])
    expect(four.flatMap(({ epochs }) => epochs.opened.problems)).toEqual([])
    expect(four.flatMap(({ failures }) => failures)).toEqual([])
  })

  it('keeps to it after a start, and tells who was away and who joins', async () => {
    const { world, four } = await seated()
    const [first, second, third, away] = four
    await world.stop(away)
    for (const device of [first, second, third]) await wants(device)
    await world.pass(CHANGE_EPOCHS + 2)
    await world.stop(second)
    const again = await world.start(second.machine)
    while (!again.epochs.opened.ready) await settle()
    expect(again.epochs.opened.epochMs).toBe(SHORT_MS)
    const back = await world.start(away.machine)
    const newcomer = await world.newcomer(first, 9)
    await world.connectAll()
    await world.pass(1)
    const all = [first, third, again, back, newcomer]
    expect(headersOf(all)).toBe(1)
    expect(lengthsOf(all)).toEqual(all.map(() => SHORT_MS))
    expect(all.flatMap(({ epochs }) => epochs.opened.problems)).toEqual([])
  })

  it('is not changed by who has no seat, by old wishes, or by too few', async () => {
    const { world, four } = await seated()
    const [first] = four
    const stranger = await world.newcomer(first, 9)
    await expect(wants(stranger)).rejects.toMatchObject({ code: 'TRUST_NOT_SEATED' })
    const { chain, pools } = first.epochs.opened
    const { network } = chain.context
    const until = chain.next + 5
    const parameters = encodeParameters({ epochMs: SHORT_MS })
    const wanted = { number: 1, parameters, until }
    const consent = (device: EpochDevice, change: object = {}): Consent =>
      signConsent(device.signer, network, { ...wanted, ...change })
    const fates = [
      consent(stranger),
      consent(first, { until: chain.next - 1 }),
      consent(first, { until: chain.next + CONSENT_EPOCHS_MAX + 1 }),
      consent(first, { number: 2 }),
      consent(first, { parameters: utf8('faster') }),
      { ...consent(first), signature: new Uint8Array(64) },
      consent(first),
      consent(first),
    ].map((one) => pools.consents.take(encodeConsent(one)))
    expect(fates).toEqual([
      'known',
      'known',
      'known',
      'known',
      'invalid',
      'invalid',
      'new',
      'known',
    ])
    const judge = { chain, pools, floorOf: () => undefined }
    const all = four.map((device) => consent(device))
    const { committee } = chain
    const whole = changeBy({ committee, anchors: [] }, all)
    const later = changeBy(
      { committee, anchors: [] },
      four.map((device) => consent(device, { number: 2 })),
    )
    if (whole === undefined || later === undefined) throw new Error('a quorum wants it')
    const problemOf = (change: typeof whole): unknown =>
      bodyProblem(judge, { ...EMPTY_CUT, change: encodeChange(change) })
    const { voices } = whole
    expect(problemOf(whole)).toBeUndefined()
    const bad = [
      { ...whole, voices: voices.slice(1) },
      { ...whole, voices: voices.toReversed() },
      { ...whole, voices: [...voices.slice(0, 2), ...voices.slice(0, 1)] },
      { ...whole, voices: voices.map((voice) => ({ ...voice, until: chain.next - 1 })) },
      { ...whole, parameters: encodeParameters({ epochMs: 2 * SHORT_MS }) },
      { ...whole, parameters: utf8('faster') },
      { ...whole, number: 2 },
      later,
    ]
    expect(bad.map(problemOf)).toEqual(bad.map(() => 'EPOCH_CHANGE_INVALID'))
    // Should a committee certify one all the same, everybody passes over it.
    const [few] = bad.map((change) => ({ ...EMPTY_CUT, change: encodeChange(change) }))
    expect(few && chain.try(few).fold.parameters.changes.length).toBe(0)
  })
})
