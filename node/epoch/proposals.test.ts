import { afterEach, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { type Logger, SILENT_LOGGER } from '../../core/logger.ts'
import { MemoryRows } from '../ledger/memory-rows.ts'
import {
  certificateOf,
  decodeCutBody,
  decodeHeader,
  encodeDoubleVote,
  encodeEvidenceItem,
  encodeToldStatement,
  signBallot,
} from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  chainOf,
  EMPTY_CUT,
  type EpochDevice,
  EpochMesh,
  type FourDevices,
  headersOf,
} from '../../test/fixtures/epoch-mesh.ts'
import {
  domainIdOf,
  encodeOwnerWord,
  onionLayer,
  signOwnerWord,
  signStatement,
} from '../../trust/index.ts'
import { EpochStore } from './epoch-store.ts'
import { settledMs } from './epoch-time.ts'
import { evidenceItem } from './evidence-kinds.ts'
import { Proposals, type ProposalsComponents } from './proposals.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

/** The clocks of these tests are ahead of those of the rooms, in which the next cut is not due yet. */
const AHEAD_MS = 20_000
/** How long something has to be there before it must not be left out, in epochs of five minutes. */
const SETTLED_MS = 10_000
const FRESH = { round: 0, proposer: undefined, hasPolka: false, votes: true }
const BACKED = { ...FRESH, round: 1, hasPolka: true }

const poolsOf = ({ epochs }: EpochDevice) => epochs.opened.pools

/** Four that have a seat each, after the end of an epoch that nobody has proposed yet. */
async function over(): Promise<{ readonly world: EpochMesh; readonly four: FourDevices }> {
  const world = await EpochMesh.of(4)
  mesh = world
  await world.pass(6.5)
  await world.pass(0.501)
  return { world, four: world.devices as unknown as FourDevices }
}

/** What a device proposes and thinks of proposals, apart from the room in which it does so by itself. */
function proposalsOf(
  { epochs: { opened } }: EpochDevice,
  world: EpochMesh,
  change: Partial<ProposalsComponents> = {},
): Proposals {
  const { clock } = world.members
  const rows = new MemoryRows()
  void rows.open()
  const ahead: Clock = {
    monotonicMs: () => clock.monotonicMs(),
    wallMs: () => clock.wallMs() + AHEAD_MS,
    sleep: (ms, signal) => clock.sleep(ms, signal),
  }
  return new Proposals({
    chain: opened.chain,
    pools: opened.pools,
    calendar: opened.calendar,
    clock: ahead,
    crypto: nodeCrypto,
    logger: SILENT_LOGGER,
    floorOf: () => undefined,
    store: new EpochStore(rows, nodeCrypto.sha256),
    fetchCut: () => Promise.resolve(undefined),
    fetchStatements: () => Promise.resolve([]),
    ...change,
  })
}

/** A disk that takes its time. */
function storeThat(waits: () => Promise<void>): ProposalsComponents['store'] {
  return { cuts: async () => [], keepCut: waits, dropCuts: waits }
}

/** Asks a device that proposed for its cuts. */
function cutsOf(proposer: Proposals): Pick<ProposalsComponents, 'fetchCut'> {
  const fetchCut = (id: Uint8Array) => {
    const encoded = proposer.cutOf(id)
    const cut = encoded && decodeCutBody(encoded)
    return Promise.resolve(cut?.type === 'value' ? cut.value : undefined)
  }
  return { fetchCut }
}

async function built(proposals: Proposals, device: EpochDevice): Promise<Uint8Array> {
  const value = await proposals.build(chainOf(device).next)
  invariant(value !== undefined, 'the next epoch is the one that is proposed')
  return value
}

/** What a device might say of the epoch that is decided next: `said` tells such statements apart. */
function statementBy(device: EpochDevice, said: number): Uint8Array {
  const { context, next: epoch } = chainOf(device)
  const { network } = context
  const owner = device.signer.peer
  const domain = domainIdOf(nodeCrypto.sha256, { network, owner })
  const onion = onionLayer(nodeCrypto.sha256, domain, epoch + said)
  const statement = { network, epoch, domain, heads: [], provided: [], consumed: [], onion }
  const stated = { owner, signed: signStatement(device.signer, statement) }
  return encodeToldStatement({ stated, credential: device.mesh.credential() })
}

/** Two votes of a device in one round. */
function doubleVoteOf(device: EpochDevice): Uint8Array {
  const { signer } = device
  const {
    context: { network },
    next,
  } = chainOf(device)
  const context = { network, epoch: next - 1 }
  const signed = [1, 2].map((byte) => {
    const value = new Uint8Array(32).fill(byte)
    return {
      value,
      signature: signBallot(signer, context, { kind: 'prevote', round: 0, value }),
    }
  })
  const [one, other] = signed
  invariant(one !== undefined && other !== undefined, 'there are two')
  const proof = { ...context, accused: signer.peer, precommit: 0, round: 0, one, other }
  return encodeEvidenceItem(evidenceItem('double-vote', encodeDoubleVote(proof)))
}

/** A whole word that binds `device` to `owner`. */
function bindingOf(owner: EpochDevice, device: EpochDevice): Uint8Array {
  const { context, next } = chainOf(owner)
  const peers = { owner: owner.signer.peer, device: device.signer.peer }
  const subject = { network: context.network, number: 1, ...peers, binds: true }
  const byOwner = signOwnerWord(owner.signer, subject, next + 20)
  const { byDevice } = signOwnerWord(device.signer, subject, next + 20)
  return encodeOwnerWord({ ...byOwner, byDevice })
}

describe('a header that is proposed', () => {
  it('lacks nothing that came to a voter after the cut, however late that one looks', async () => {
    const { world, four } = await over()
    const [a, b, c] = four
    const proposer = proposalsOf(a, world)
    const value = await built(proposer, a)
    await world.members.clock.advance(50)
    poolsOf(b).evidence.restore([doubleVoteOf(c)])
    await world.members.clock.advance(SETTLED_MS + 2_000)
    expect(await proposalsOf(b, world, cutsOf(proposer)).check({ ...FRESH, value })).toBe(true)
  })

  it('lacks what the others have held for long, and is voted for by no one but who has a polka', async () => {
    const { world, four } = await over()
    const [a, b, c] = four
    poolsOf(b).evidence.restore([doubleVoteOf(c)])
    await world.members.clock.advance(SETTLED_MS + 500)
    const proposer = proposalsOf(a, world)
    const value = await built(proposer, a)
    const voter = proposalsOf(b, world, cutsOf(proposer))
    expect(await voter.check({ ...FRESH, value })).toBe(false)
    expect(await voter.check({ ...FRESH, round: 9, value })).toBe(false)
    expect(await voter.check({ ...BACKED, value })).toBe(true)
  })

  it('is of the time before its proposer looked at what it holds, and not of after its disk', async () => {
    const { world, four } = await over()
    const [a] = four
    const { clock } = world.members
    const wallMs = clock.wallMs() + AHEAD_MS
    const proposals = proposalsOf(a, world, {
      store: storeThat(() => clock.advance(4_000)),
    })
    const header = decodeHeader(await built(proposals, a))
    expect(header).toMatchObject({ type: 'value', value: { cutWallMs: wallMs } })
  })

  it('that was right once is right for the rest of its epoch, whatever the others show later', async () => {
    const { world, four } = await over()
    const [a, b, c] = four
    const proposer = proposalsOf(a, world)
    const value = await built(proposer, a)
    const voter = proposalsOf(b, world)
    expect(await voter.check({ ...FRESH, value })).toBe(true)
    poolsOf(b).evidence.restore([doubleVoteOf(c)])
    await world.members.clock.advance(SETTLED_MS + 2_000)
    const rounds = [1, 2, 9].flatMap((round) => [
      { ...FRESH, round },
      { ...BACKED, round },
    ])
    const verdicts = await Promise.all(rounds.map((at) => voter.check({ ...at, value })))
    expect(verdicts).toEqual(rounds.map(() => true))
    // Who began anew in between comes to the same.
    const after = proposalsOf(b, world, cutsOf(proposer))
    expect(await after.check({ ...FRESH, round: 3, value })).toBe(true)
  })

  it('with floors that nobody has seen for hours needs a polka', async () => {
    const { world, four } = await over()
    const [a, b, c] = four
    const seen = new Map([[a.signer.peer, { micros: 700_000, vendor: 'infineon' }]])
    const floorOf = (peer: PeerId) => seen.get(peer)
    const proposer = proposalsOf(a, world, { floorOf })
    const value = await built(proposer, a)
    const voter = proposalsOf(b, world, { ...cutsOf(proposer), floorOf })
    const blind = proposalsOf(c, world, cutsOf(proposer))
    expect(await blind.check({ ...FRESH, value })).toBe(false)
    expect(await voter.check({ ...FRESH, value })).toBe(true)
    const other = () => ({ micros: 700_000, vendor: 'intel' })
    const elsewhere = proposalsOf(four[3], world, { ...cutsOf(proposer), floorOf: other })
    expect(await elsewhere.check({ ...FRESH, value })).toBe(false)
    const unnamed = () => ({ micros: 700_000, vendor: '' })
    const silent = proposalsOf(a, world, { floorOf: unnamed })
    const hidden = await built(silent, a)
    const seer = proposalsOf(b, world, { ...cutsOf(silent), floorOf: other })
    expect(await seer.check({ ...FRESH, value: hidden })).toBe(false)
    seen.clear()
    expect(await voter.check({ ...FRESH, round: 3, value })).toBe(true)
    expect(await blind.check({ ...BACKED, value })).toBe(true)
  })

  it('with other roots than its cut leads to is voted for by nobody, with or without a polka', async () => {
    const { world, four } = await over()
    const [a, b] = four
    const { chain } = a.epochs.opened
    const tried = chain.try(EMPTY_CUT)
    const view = { ...tried.view, beacon: new Uint8Array(32) }
    const value = chain.headerOf({ ...tried, view }, world.members.clock.wallMs() + AHEAD_MS)
    const fetchCut = () => Promise.resolve(tried.body)
    const voter = proposalsOf(b, world, { fetchCut })
    expect(await voter.check({ ...BACKED, value })).toBe(false)
  })

  it('with another root than this device comes to is told with what differs first', async () => {
    const { world, four } = await over()
    const [a, b] = four
    const { chain } = a.epochs.opened
    const tried = chain.try(EMPTY_CUT)
    const other = new Uint8Array(32)
    const view = { ...tried.view, graphRoot: other, scoresRoot: other }
    const wallMs = world.members.clock.wallMs() + AHEAD_MS
    const value = chain.headerOf({ ...tried, view }, wallMs)
    const told: unknown[] = []
    const info: Logger['info'] = (event, facts) => void told.push({ event, ...facts })
    const voter = proposalsOf(b, world, {
      fetchCut: () => Promise.resolve(tried.body),
      logger: { ...SILENT_LOGGER, info },
    })
    expect(await voter.check({ ...BACKED, value })).toBe(false)
    expect(told).toMatchObject([
      {
        event: 'header not voted for',
        code: 'EPOCH_FOLD_MISMATCH',
        field: 'graphRoot',
        here: toHex(tried.view.graphRoot),
        there: toHex(other),
      },
    ])
  })

  it('that is decided with another root than this device comes to is refused, and what differs is known', async () => {
    mesh = await EpochMesh.of(1)
    await mesh.pass(2.5)
    const [alone] = mesh.devices
    invariant(alone !== undefined, 'there is one')
    const chain = chainOf(alone)
    const { context, next: epoch } = chain
    const tried = chain.try(EMPTY_CUT)
    const value = (view = tried.view): Uint8Array => chain.headerOf({ ...tried, view }, 1)
    const append = (header: Uint8Array) => {
      const ballot = { kind: 'precommit' as const, round: 0, value: nodeCrypto.sha256(header) }
      const signature = signBallot(alone.signer, { network: context.network, epoch }, ballot)
      const certificate = certificateOf([{ ...ballot, seat: 0, signature }], chain.committee)
      return chain.append({ value: header, certificate }, EMPTY_CUT)
    }
    const there = new Uint8Array(32)
    expect(append(value({ ...tried.view, next: there }))).toBe('EPOCH_FOLD_MISMATCH')
    const here = toHex(tried.view.next)
    expect(chain.difference).toEqual({ field: 'next', here, there: toHex(there) })
    expect(typeof append(value())).toBe('object')
    expect(chain.difference).toBeUndefined()
  })

  it('in epochs of a second lacks nothing that was on its way', () => {
    const calendar = { spans: [{ epoch: 0, startMs: 0, epochMs: 1_000 }] }
    expect(settledMs(calendar, 7)).toBeGreaterThanOrEqual(250)
  })
})

describe('a word about an owner', () => {
  it('is missed in a cut once an epoch was decided without it', async () => {
    const { world, four } = await over()
    const [a, b, c, d] = four
    expect(poolsOf(b).owners.take(bindingOf(c, d))).toBe('new')
    await world.members.clock.advance(500)
    await world.members.clock.advance(SETTLED_MS + 500)
    const proposer = proposalsOf(a, world)
    const value = await built(proposer, a)
    const voterOf = () => proposalsOf(b, world, cutsOf(proposer))
    expect(await voterOf().check({ ...FRESH, value })).toBe(true)
    poolsOf(b).owners.sweep()
    expect(await voterOf().check({ ...FRESH, value })).toBe(false)
  })

  it('is kept by a device that is an epoch behind whoever says it', async () => {
    const { world, four } = await over()
    const [founder, owner, device, behind] = four
    const peers = [founder, owner, device].map(({ signer }) => signer.peer)
    await world.members.world.cut([behind.signer.peer], peers)
    await world.pass(1)
    expect(chainOf(owner).next - chainOf(behind).next).toBe(1)
    const { commands } = owner.epochs.opened
    const binding = { owner: owner.signer.peer, device: device.signer.peer, binds: true }
    await commands.tie(binding)
    const [word] = poolsOf(owner).owners.all()
    invariant(word !== undefined, 'it was said')
    expect(poolsOf(behind).owners.take(word.encoded)).toBe('new')
  })
})

describe('a mesh of four', () => {
  it('decides in the first round where a device told one half of the others another thing', async () => {
    const { world, four } = await over()
    const [a, b, c, liar] = four
    await world.pass(0.6)
    const epoch = chainOf(a).next
    const [one, other] = [1, 2].map((said) => statementBy(liar, said))
    invariant(one !== undefined && other !== undefined, 'there are two')
    await world.stop(liar)
    await world.pass(0.397)
    const fates = [
      poolsOf(a).takeStatement(one),
      poolsOf(b).takeStatement(other),
      poolsOf(c).takeStatement(other),
    ]
    expect(fates.map(({ type }) => type)).toEqual(['new', 'new', 'new'])
    await world.pass(0.25)
    expect(headersOf([a, b, c])).toBe(1)
    expect(chainOf(a).top).toMatchObject({ header: { epoch }, certificate: { round: 0 } })
    await world.pass(1)
    expect(chainOf(c).top?.scores.of(liar.signer.peer)?.faulted).toBe(true)
  })
})
