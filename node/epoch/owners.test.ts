import { afterEach, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import { type CutBody, encodeEvidenceItem, EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  EMPTY_CUT,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
} from '../../test/fixtures/epoch-mesh.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import {
  domainIdOf,
  encodeOwnerWord,
  encodeStatementFork,
  type OwnerWord,
  signOwnerWord,
  signStatement,
  TRUST_LIMITS,
} from '../../trust/index.ts'
import { bodyProblem } from './cut-check.ts'
import { evidenceItem } from './evidence-kinds.ts'

const { OWNER_EPOCHS, OWNER_WORD_EPOCHS_MAX } = TRUST_LIMITS

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

const peerOf = ({ signer }: EpochDevice): PeerId => signer.peer
const roomOf = ({ epochs }: EpochDevice) => epochs.opened
const foldOf = (one: EpochDevice) => roomOf(one).chain.fold
const seatsOf = (one: EpochDevice): readonly PeerId[] => roomOf(one).committee.toSorted()
const topsOf = (all: readonly EpochDevice[]): number =>
  new Set(all.map((one) => toHex(roomOf(one).chain.top?.id ?? new Uint8Array()))).size

async function seated(): Promise<{ readonly world: EpochMesh; readonly four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(6.5)
  return { world, four: world.devices as unknown as FourDevices }
}

/** What a device says of an owner and a device, one of which it is. */
function says(by: EpochDevice, owner: EpochDevice, device: EpochDevice, binds = true) {
  return roomOf(by).commands.tie({ owner: peerOf(owner), device: peerOf(device), binds })
}

describe('a mesh of four of which two get one owner', () => {
  it('gives them one seat and one domain, by the word of both, and takes it back by that of one', async () => {
    const { world, four } = await seated()
    const [, owner, device, other] = four
    await says(device, owner, device)
    await world.pass(1)
    expect(four.map((one) => foldOf(one).owners.ties)).toEqual([[], [], [], []])
    expect(
      roomOf(other)
        .pools.owners.all()
        .map(({ word }) => word.byOwner),
    ).toEqual([undefined])
    await says(owner, owner, device)
    await world.pass(1)
    const since = foldOf(other).epoch + OWNER_EPOCHS
    // Nobody thinks that the word was left out.
    expect(roomOf(other).chain.top?.certificate.round).toBe(0)
    expect(foldOf(other).owners.tieOf(peerOf(device))).toMatchObject({ number: 1, since })
    expect(seatsOf(other)).toEqual(four.map(peerOf).toSorted())
    // Who starts again knows it, and keeps to it.
    await world.stop(other)
    await world.pass(OWNER_EPOCHS - 1)
    const again = await world.start(other.machine)
    await world.connectAll()
    await world.pass(1)
    const [first] = four
    const all = [first, owner, device, again]
    expect(topsOf(all)).toBe(1)
    expect(seatsOf(again)).toEqual([first, owner, again].map(peerOf).toSorted())
    // The device tells its owner, over a link, what it did in the last epoch.
    const told = roomOf(owner).reports.of(foldOf(owner).epoch)
    expect(told.map((report) => report.device)).toEqual([peerOf(device)])
    const scores = all.map((one) => roomOf(one).chain.top?.scores.of(peerOf(device)))
    const domain = domainIdOf(nodeCrypto.sha256, {
      network: roomOf(first).chain.context.network,
      owner: peerOf(owner),
    })
    expect(scores.map((score) => toHex(score?.domain ?? domain))).toEqual(
      all.map(() => toHex(domain)),
    )
    expect(foldOf(again).audits.drawn(foldOf(again).epoch, domain, [peerOf(owner)])).not.toContain(
      peerOf(device),
    )
    await roomOf(device).commands.leaveOwner()
    await world.pass(OWNER_EPOCHS + 7)
    expect(seatsOf(first)).toEqual(all.map(peerOf).toSorted())
    expect(topsOf(all)).toBe(1)
    expect(all.flatMap(({ failures, epochs }) => [...failures, ...epochs.opened.problems])).toEqual(
      [],
    )
  })

  it('does not do it by what one of them said a day ago, or to whom it does not suit', async () => {
    const { world, four } = await seated()
    const [founder, owner, device, other] = four
    const reasons = [
      () => says(owner, owner, owner),
      () => says(founder, owner, founder),
      () => says(device, owner, device, false),
      () => roomOf(device).commands.leaveOwner(),
      () =>
        roomOf(owner).commands.tie({
          owner: peerOf(owner),
          device: world.members.make(9).signer.peer,
          binds: true,
        }),
    ]
    const codes = await Promise.all(
      reasons.map((reason) => reason().then(String, ({ code }: { code: string }) => code)),
    )
    expect(codes).toEqual([
      'TRUST_OWNER_SELF',
      'TRUST_OWNER_UNFIT',
      'TRUST_DEVICE_NOT_BOUND',
      'TRUST_DEVICE_NOT_BOUND',
      'TRUST_DEVICE_UNKNOWN',
    ])
    const { chain, pools } = roomOf(other)
    const subject = {
      network: chain.context.network,
      number: 1,
      owner: peerOf(owner),
      device: peerOf(device),
      binds: true,
    }
    const word = (change: object = {}, until = chain.next + 9): OwnerWord => {
      const whole = { ...subject, ...change }
      const byOwner = signOwnerWord(owner.signer, whole, until)
      return { ...byOwner, byDevice: signOwnerWord(device.signer, whole, until).byDevice }
    }
    const late = chain.next + OWNER_WORD_EPOCHS_MAX + 1
    const fates = [
      encodeOwnerWord({ ...word(), byDevice: word().byOwner }),
      encodeOwnerWord(word({ number: 2 })),
      encodeOwnerWord(word({}, chain.next - 1)),
      encodeOwnerWord(word({}, late)),
      encodeOwnerWord(signOwnerWord(owner.signer, subject, chain.next + 3)),
      encodeOwnerWord(signOwnerWord(device.signer, subject, chain.next + 3)),
      encodeOwnerWord(word()),
      encodeOwnerWord(word()),
      new Uint8Array(TRUST_LIMITS.OWNER_WORD_BYTES_MAX + 1),
    ].map((encoded) => pools.owners.take(encoded))
    expect(fates).toEqual([
      'invalid',
      'known',
      'known',
      'known',
      'new',
      'new',
      'new',
      'known',
      'invalid',
    ])
    const judge = { chain, pools, floorOf: () => undefined }
    const cutWith = (...words: readonly OwnerWord[]): CutBody => ({
      ...EMPTY_CUT,
      owners: words.map(encodeOwnerWord),
    })
    const rival = { ...subject, owner: peerOf(founder) }
    const half = signOwnerWord(owner.signer, subject, chain.next + 9)
    const other2: OwnerWord = {
      ...signOwnerWord(founder.signer, rival, chain.next + 9),
      byDevice: signOwnerWord(device.signer, rival, chain.next + 9).byDevice,
    }
    const problems = [
      cutWith(word()),
      cutWith(half),
      cutWith(word(), word()),
      cutWith(word(), other2),
      cutWith(word({ number: 2 })),
      { ...EMPTY_CUT, owners: [new Uint8Array(8)] },
    ].map((body) => bodyProblem(judge, body))
    expect(problems).toEqual([undefined, ...Array<string>(5).fill('EPOCH_OWNERS_INVALID')])
    // Should a committee certify two owners of one device all the same, everybody has the same one.
    const both = [cutWith(word(), other2), cutWith(other2, word())].map(
      (body) => chain.try(body).fold.owners.ties,
    )
    expect(both[0]).toEqual(both[1])
    expect(both[0]?.length).toBe(1)
  })

  it('warns of a device that is at fault, whose fault would be one of the whole domain', async () => {
    const { world, four } = await seated()
    const [first, owner, device] = four
    const { chain, pools } = roomOf(first)
    const { network } = chain.context
    const domain = domainIdOf(nodeCrypto.sha256, { network, owner: peerOf(device) })
    const [one, two] = [1, 2].map((size) => {
      const root = nodeCrypto.sha256(Uint8Array.of(size))
      const heads = [{ device: peerOf(device), size, root }]
      const rows = { provided: [], consumed: [], onion: root }
      return signStatement(device.signer, { network, epoch: 2, domain, heads, ...rows })
    }) as [SignedRecord, SignedRecord]
    const proof = encodeStatementFork(peerOf(device), one, two)
    pools.report(encodeEvidenceItem(evidenceItem('statement-fork', proof)))
    await world.pass(1)
    await expect(says(owner, owner, device)).rejects.toMatchObject({ code: 'TRUST_DEVICE_FAULTED' })
    // Who insists, past all warnings, shares it.
    const until = chain.next + 9
    const subject = {
      network,
      number: 1,
      owner: peerOf(owner),
      device: peerOf(device),
      binds: true,
    }
    for (const { signer, epochs } of [owner, device]) {
      await epochs.opened.pools.say(signOwnerWord(signer, subject, until))
    }
    await world.pass(OWNER_EPOCHS + 1)
    const faulted = four.map((by) =>
      [owner, device].map((of) => roomOf(by).chain.top?.scores.of(peerOf(of))?.faulted),
    )
    expect(faulted).toEqual(four.map(() => [true, true]))
    expect(topsOf(four)).toBe(1)
  })

  it('holds what strangers and floods say in bounds', async () => {
    const { four } = await seated()
    const [founder, owner, device] = four
    const { chain, pools } = roomOf(founder)
    const { network } = chain.context
    const stranger = mesh?.members.make(9).signer
    if (stranger === undefined) throw new Error('there is a stranger')
    const strange = {
      network,
      number: 1,
      owner: stranger.peer,
      device: peerOf(device),
      binds: true,
    }
    const word = encodeOwnerWord(signOwnerWord(stranger, strange, chain.next + 3))
    expect(pools.owners.take(word)).toBe('known')
    const subject = { ...strange, owner: peerOf(owner) }
    for (let until = chain.next; until < chain.next + 40; until++) {
      pools.owners.take(encodeOwnerWord(signOwnerWord(owner.signer, subject, until)))
    }
    expect(pools.owners.all().length).toBe(1)
    await settle()
    expect(EPOCH_LIMITS.OWNER_WORD_BYTES_MAX).toBe(TRUST_LIMITS.OWNER_WORD_BYTES_MAX)
    expect(EPOCH_LIMITS.REPORT_BYTES_MAX).toBe(TRUST_LIMITS.REPORT_BYTES_MAX)
  })
})
