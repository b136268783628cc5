import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, it } from 'vitest'
import { fromHex, toHex, utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { AUDIT_LIMITS } from '../../protocols/audit/index.ts'
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { receiptHash, receiptMessage } from '../../protocols/inference/index.ts'
import { auditFactorQ16, TRUST_LIMITS } from '../../trust/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { chainOf, EMPTY_CUT, type EpochDevice, EpochMesh } from '../../test/fixtures/epoch-mesh.ts'
import {
  auditOf,
  type AuditScene,
  receiptFor,
  verdictsFor,
} from '../../test/fixtures/told-audits.ts'
import { AuditPool } from './audit-pool.ts'
import { AuditReader, toldAudit } from './audited-task.ts'
import { CountedAudits } from './counted-audits.ts'
import { bodyProblem } from './cut-check.ts'

const network = nodeCrypto.sha256(utf8('mesh'))
const beaconOf = (epoch: number): Uint8Array => nodeCrypto.sha256(Uint8Array.of(epoch))
const DEVICES = 40
const devices: readonly Signer[] = Array.from({ length: DEVICES }, (_, at) => device(at + 1))
const [provider, requester] = devices as [Signer, Signer]
const EPOCH = 50
const stranger = device(90)

/** What counts in the epoch after {@link EPOCH}. */
function counting(): CountedAudits {
  const counted = new CountedAudits(nodeCrypto.sha256)
  const present = new Map(devices.map(({ peer }) => [peer, peer] as const))
  for (let epoch = 0; epoch <= EPOCH; epoch++) {
    counted.open(epoch, { beacon: beaconOf(epoch), present })
  }
  return counted
}

/** For looking up who was drawn. */
const drawing = counting()
const reader = new AuditReader(nodeCrypto, network)

/** Some work of the provider for the requester, run again by the `count` devices that were drawn `from` on. */
function scene(change: Partial<AuditScene> = {}, { count = 1, from = 0 } = {}): AuditScene {
  const base = { network, epoch: EPOCH, beacon: beaconOf(EPOCH), provider, requester, auditors: [] }
  const whole: AuditScene = { ...base, ...change }
  if (change.auditors !== undefined) return whole
  const { receipt, signature } = receiptFor(whole)
  const task = receiptHash(receiptMessage(receipt), signature, nodeCrypto.sha256)
  const parties = [whole.provider.peer, whole.requester.peer]
  const order = drawing.drawn(whole.epoch ?? 0, task, parties)
  const drawn = order.slice(from, from + count)
  const auditors = drawn.flatMap((peer) => devices.find((one) => one.peer === peer) ?? [])
  return { ...whole, auditors }
}

function poolOf(counted = counting()): AuditPool {
  return new AuditPool({
    sha256: nodeCrypto.sha256,
    reader,
    counted: () => counted,
    nowMs: () => 0,
  })
}

const undrawn = (change: Partial<AuditScene> = {}): Signer => {
  const whole = scene(change, { count: AUDIT_LIMITS.AUDITORS_ASKED_MAX })
  const others = devices.filter((one) => one !== whole.provider && one !== whole.requester)
  return others.find((one) => !whole.auditors.includes(one)) as Signer
}

describe('an audit that others tell of', () => {
  const vectors = JSON.parse(readFileSync('test/vectors/audit.json', 'utf8')) as {
    readonly told: Readonly<Record<string, string>>
  }
  const [first, second] = [device(3), device(4)]

  it.each([
    ['passed', [first]],
    ['failed', [first, second]],
  ] as const)(
    'has the bytes of its vector when it %s, of which nothing can be changed',
    (end, auditors) => {
      const whole = auditOf(scene({ auditors }))
      expect(toHex(whole)).toBe(vectors.told[end])
      const encoded = fromHex(vectors.told[end] ?? '') ?? new Uint8Array()
      const fresh = new AuditReader(nodeCrypto, network)
      expect(fresh.read(encoded)).toMatchObject({
        provider: provider.peer,
        requester: requester.peer,
        passed: end === 'passed',
        auditors: auditors.map(({ peer }) => peer),
        epoch: EPOCH,
      })
      for (let length = 0; length < encoded.length; length++) {
        expect(fresh.read(encoded.subarray(0, length))).toBeUndefined()
      }
      for (const [at, byte] of encoded.entries()) {
        expect(fresh.read(encoded.with(at, byte ^ (1 << (at % 8))))).toBeUndefined()
      }
    },
  )

  it('fits what an epoch has room for', () => {
    expect(AUDIT_LIMITS.TOLD_BYTES_MAX).toBeLessThanOrEqual(EPOCH_LIMITS.AUDIT_BYTES_MAX)
    const three = scene({ auditors: [first, second] })
    const receipt = receiptFor(three)
    const verdicts = verdictsFor(three, receipt)
    const longest = toldAudit(receipt, [...verdicts, ...verdicts.slice(0, 1)])
    expect(longest.length).toBeLessThan(AUDIT_LIMITS.TOLD_BYTES_MAX)
  })

  it('is none of another mesh, about other work, or of work that its provider did not sign', () => {
    const whole = scene()
    const elsewhere = { ...whole, network: beaconOf(1) }
    const receipt = receiptFor(whole)
    const forged = { ...receipt, signature: requester.sign(utf8('work')) }
    const other = receiptFor(scene({ number: 2 }))
    for (const encoded of [
      auditOf(elsewhere),
      toldAudit(forged, verdictsFor(whole, forged)),
      toldAudit(other, verdictsFor(whole, receipt)),
    ]) {
      expect(reader.read(encoded)).toBeUndefined()
    }
  })
})

describe('the draw of auditors', () => {
  it('counts those that were drawn, and nobody else', () => {
    expect(poolOf().take(auditOf(scene()))).toBe('new')
    expect(poolOf().take(auditOf(scene({}, { count: 2, from: 5 })))).toBe('new')
    expect(poolOf().take(auditOf(scene({ auditors: [undrawn()] })))).toBe('invalid')
    const [drawn] = scene().auditors as [Signer]
    expect(poolOf().take(auditOf(scene({ auditors: [drawn, undrawn()] })))).toBe('invalid')
  })

  it.each<[string, Partial<AuditScene>, string]>([
    ['of an epoch to come', { epoch: EPOCH + 1 }, 'known'],
    ['of an epoch long ago', { epoch: EPOCH - TRUST_LIMITS.AUDIT_EPOCHS_MAX }, 'known'],
    ['that the requester drew', { epoch: undefined }, 'invalid'],
    ['by another beacon', { beacon: beaconOf(3) }, 'invalid'],
    ['of who was not there', { provider: stranger }, 'invalid'],
    ['for who was not there', { requester: stranger }, 'invalid'],
  ])('counts no audit %s', (_, change, fate) => {
    const { auditors } = scene()
    expect(poolOf().take(auditOf({ ...scene({ auditors }), ...change }))).toBe(fate)
  })

  it('counts a task once, and believes whoever passed it', () => {
    const counted = counting()
    const pool = poolOf(counted)
    const failure = auditOf(scene({}, { count: 2 }))
    const pass = auditOf(scene({}, { from: 3 }))
    expect([failure, pass, failure].map((one) => pool.take(one))).toEqual(['new', 'new', 'known'])
    const pending = pool.pending()
    expect(pending.map(({ audit }) => audit.passed)).toEqual([true])
    for (const { audit } of pending) expect(counted.count(audit, EPOCH + 1)).toBe(true)
    pool.sweep()
    expect([pool.all(), pool.take(failure), pool.take(pass)]).toEqual([[], 'known', 'known'])
  })

  it('lets no pair count more than a few, and one failure among them', () => {
    const counted = counting()
    const count = (change: Partial<AuditScene>, auditors: number): boolean => {
      const audit = reader.read(auditOf(scene(change, { count: auditors })))
      return audit !== undefined && counted.count(audit, EPOCH + 1)
    }
    expect([1, 2].map((number) => count({ number }, 2))).toEqual([true, false])
    const passes = Array.from({ length: 12 }, (_, at) => count({ number: at + 3 }, 1))
    expect(passes.filter(Boolean).length).toBe(TRUST_LIMITS.AUDITS_PER_PAIR_MAX - 1)
    // Another requester's word is its own.
    expect(count({ number: 1, requester: devices[7] as Signer }, 2)).toBe(true)
  })
})

describe('audits of owners with several devices', () => {
  /** The first device speaks for the first ten, the eleventh for the next ten; the rest is its own. */
  const present = new Map(
    devices.map(({ peer }, at) => [peer, (devices[at < 20 ? at - (at % 10) : at] as Signer).peer]),
  )
  const counted = (): CountedAudits => {
    const all = new CountedAudits(nodeCrypto.sha256)
    all.open(EPOCH, { beacon: beaconOf(EPOCH), present })
    return all
  }
  const [, sibling, elsewhere, friend] = [0, 9, 12, 19].map((at) => devices[at]) as [
    Signer,
    Signer,
    Signer,
    Signer,
  ]
  const auditBy = (change: Partial<AuditScene>) => {
    const whole = reader.read(auditOf(scene(change)))
    if (whole === undefined) throw new Error('an audit is read')
    return whole
  }

  it('draw nobody of the domains of both parties, and one of each other', () => {
    const task = beaconOf(7)
    const drawn = counted().drawn(EPOCH, task, [provider.peer, (devices[30] as Signer).peer])
    const speakers = drawn.map((peer) => present.get(peer))
    expect(new Set(speakers).size).toBe(AUDIT_LIMITS.AUDITORS_ASKED_MAX)
    expect(speakers).not.toContain(provider.peer)
    expect(counted().drawn(EPOCH, task, [sibling.peer, friend.peer])).toEqual(
      counted().drawn(EPOCH, task, [provider.peer, elsewhere.peer]),
    )
  })

  it('count nothing between devices of one owner', () => {
    const auditors = [devices[33] as Signer]
    expect(counted().fateOf(auditBy({ requester: sibling, auditors }))).toBe('invalid')
  })

  it('have one limit for all pairs of two owners', () => {
    const all = counted()
    const pairs = [
      [provider, elsewhere],
      [sibling, friend],
    ] as const
    const fates = Array.from({ length: 12 }, (_, number) => {
      const [of, by] = pairs[number % 2] as (typeof pairs)[number]
      const bare = { provider: of, requester: by, number: number + 1 }
      const { task } = auditBy({ ...bare, auditors: [devices[33] as Signer] })
      const [first] = all.drawn(EPOCH, task, [of.peer, by.peer])
      const auditor = devices.find(({ peer }) => peer === first) as Signer
      return all.count(auditBy({ ...bare, auditors: [auditor] }), EPOCH + 1)
    })
    expect(fates.filter(Boolean).length).toBe(TRUST_LIMITS.AUDITS_PER_PAIR_MAX)
  })

  it('are the same again from what is kept of their draws', () => {
    const peers = devices.map(({ peer }) => peer)
    const again = CountedAudits.unpack(nodeCrypto.sha256, counted().pack(peers), peers)
    const task = beaconOf(7)
    const parties = [provider.peer, elsewhere.peer]
    expect(again.drawn(EPOCH, task, parties)).toEqual(counted().drawn(EPOCH, task, parties))
  })
})

describe('a flood of audits', () => {
  it('that prove nothing is kept nowhere', () => {
    const pool = poolOf()
    for (let at = 0; at < 3_000; at++) {
      const junk = nodeCrypto.sha256(Uint8Array.of(at & 255, at >> 8))
      expect(pool.take(junk)).toBe('invalid')
    }
    expect(pool.take(new Uint8Array(AUDIT_LIMITS.TOLD_BYTES_MAX + 1))).toBe('invalid')
    expect(pool.all()).toEqual([])
  })

  it('of devices that conspire is bounded, and so is what an epoch takes of it', () => {
    const pool = poolOf()
    const fates: string[] = []
    for (let number = 0; number < 530; number++) {
      const pair = { provider: devices[number % 24] as Signer, requester: devices[30] as Signer }
      fates.push(pool.take(auditOf(scene({ ...pair, number: number + 1 }))))
    }
    expect(new Set(fates)).toEqual(new Set(['new', 'known']))
    expect(pool.all().length).toBe(8 * EPOCH_LIMITS.CUT_AUDITS_MAX)
    expect(pool.pending().length).toBe(24 * TRUST_LIMITS.AUDITS_PER_PAIR_MAX)
  })
})

describe('a mesh whose members audit each other', () => {
  let mesh: EpochMesh | undefined
  afterEach(() => mesh?.end())

  /** What one failed audit and none that passed leave of a score. */
  const afterFailure = (micros: number): number =>
    Math.floor((micros * auditFactorQ16({ passed: 0, failed: 1 })) / 65_536)

  /** How the work of `of` for the first device was, drawn by the last epoch. */
  function told(all: readonly EpochDevice[], of: EpochDevice, passed: boolean): Uint8Array {
    const [first] = all as [EpochDevice]
    const { top, fold, context } = chainOf(first)
    const auditors = all.filter((one) => one !== first && one !== of)
    return auditOf({
      network: context.network,
      epoch: fold.epoch,
      beacon: top?.header.beacon ?? network,
      provider: of.signer,
      requester: first.signer,
      auditors: auditors.slice(0, passed ? 1 : 2).map(({ signer }) => signer),
      number: fold.epoch,
    })
  }

  it('comes to the same scores everywhere: a liar falls, an honest one rises', async () => {
    const world = await EpochMesh.of(4)
    mesh = world
    await world.pass(6.5)
    const [first, honest, liar] = world.devices as [EpochDevice, EpochDevice, EpochDevice]
    const before = chainOf(first).top?.scores.of(liar.signer.peer)?.micros ?? 0
    first.epochs.opened.pools.reportAudit(told(world.devices, honest, true))
    first.epochs.opened.pools.reportAudit(told(world.devices, liar, false))
    await world.pass(1)
    const roots = world.devices.map((one) =>
      toHex(chainOf(one).top?.header.scoresRoot ?? new Uint8Array()),
    )
    expect(new Set(roots).size).toBe(1)
    for (const one of world.devices) {
      const { scores } = chainOf(one).top ?? { scores: undefined }
      const fallen = scores?.of(liar.signer.peer)
      expect([fallen?.micros, fallen?.faulted]).toEqual([afterFailure(before), false])
      expect(chainOf(one).fold.explain(honest.signer.peer)?.audits.passed).toBe(1)
      expect(chainOf(one).fold.auditsOf(liar.signer.peer)).toMatchObject([
        { passed: false, requester: first.signer.peer, countedEpoch: chainOf(one).fold.epoch },
      ])
    }
    expect(world.devices.flatMap(({ failures }) => failures)).toEqual([])
  })

  it('tells whoever was away, who counts the same', async () => {
    const world = await EpochMesh.of(4)
    mesh = world
    await world.pass(6.5)
    const { devices: all } = world
    const [first, second, liar] = all as [EpochDevice, EpochDevice, EpochDevice]
    await world.stop(second)
    first.epochs.opened.pools.reportAudit(told(all, liar, false))
    const back = await world.start(second.machine)
    await world.connectAll()
    expect(back.epochs.opened.pools.audits.all().length).toBe(1)
    await world.pass(1)
    expect(new Set(world.devices.map((one) => toHex(chainOf(one).top?.id ?? network))).size).toBe(1)
    expect(chainOf(back).fold.auditsOf(liar.signer.peer).length).toBe(1)
  })

  it('votes for no cut with an audit that does not count', async () => {
    const world = await EpochMesh.of(4)
    mesh = world
    await world.pass(6.5)
    const [first, , liar] = world.devices as [EpochDevice, EpochDevice, EpochDevice]
    const { chain, pools } = first.epochs.opened
    const judge = { chain, pools, floorOf: () => undefined }
    const body = { ...EMPTY_CUT, audits: [] as Uint8Array[] }
    const good = told(world.devices, liar, false)
    expect(bodyProblem(judge, { ...body, audits: [good] })).toBeUndefined()
    const bad = [
      [good, good],
      [good.with(20, (good[20] ?? 0) ^ 1)],
      [auditOf({ ...scene(), network: chain.context.network })],
    ]
    expect(bad.map((each) => bodyProblem(judge, { ...body, audits: each }))).toEqual(
      bad.map(() => 'EPOCH_AUDIT_INVALID'),
    )
    // Should a committee certify one all the same, everybody passes over it.
    const tried = chain.try({ ...body, audits: [good, ...(bad[1] ?? [])] })
    expect(tried.fold.auditsOf(liar.signer.peer).length).toBe(1)
  })
})
