import { afterEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import { device } from '../../test/fixtures/devices.ts'
import { vector, vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import type { TsmFolder } from '../attesters/index.ts'
import { AttestationService } from './attestation-service.ts'

const MINUTE_MS = 60_000
const [alice, bob] = [device(1), device(2)]
/** A machine that is no confidential guest. */
const NO_GUEST: TsmFolder = {
  make: () => Promise.reject(new Error('no such folder')),
  write: async () => undefined,
  read: async () => new Uint8Array(),
  remove: async () => undefined,
}
let running: AttestationService[] = []

afterEach(async () => {
  await Promise.all(running.map((service) => service.stop()))
  running = []
})

/** Services of devices without a TPM, on one clock; `reports` are those of the second. */
async function services(
  signers: readonly Signer[],
  reports?: TsmFolder,
  stores = signers.map(() => new MemoryStore()),
) {
  const hub = new LinkHub()
  const clock = new ManualClock()
  for (const [index, signer] of signers.entries()) {
    const service = new AttestationService(
      {
        network: hub.device(signer.peer),
        mesh: { members: () => signers, onMember: () => () => undefined },
        clock,
        random: SeededRandom.fromInteger(7),
        logger: SILENT_LOGGER,
        signer,
        store: stores[index] ?? new MemoryStore(),
        nsm: { request: async () => undefined },
        reports: (index === 1 ? reports : undefined) ?? NO_GUEST,
      },
      {
        tpmPath: undefined,
        eventLogPath: undefined,
        issuers: [],
        roots: [],
        policy: 'production',
        version: '0.1.0',
        bindingKey: false,
        manifest: '',
        releaseKeys: [],
      },
    )
    await service.start()
    running.push(service)
  }
  return { clock, hub, stores, asked: running[0] }
}

describe('a device that asks another', () => {
  it('takes it at its word when it has nothing else', async () => {
    const { asked } = await services([alice, bob])
    expect(await asked?.ask(bob.peer)).toMatchObject({
      peer: bob.peer,
      kinds: ['self'],
      codes: [],
      appraisal: { tier: 'self', status: 'affirming' },
    })
  })

  it.skipIf(!vectorsAtHand)(
    'does not take a recorded report of a confidential guest for its own',
    async () => {
      const files: Record<string, Uint8Array> = {
        provider: utf8('sev_guest\n'),
        generation: utf8('1\n'),
        outblob: vector('sev-snp/milan-report-v2.bin'),
      }
      const table = Buffer.alloc(48)
      const vcek = vector('sev-snp/milan-vcek.der')
      table.writeUInt32LE(table.length, 16)
      table.writeUInt32LE(vcek.length, 20)
      const reports: TsmFolder = {
        make: async () => undefined,
        write: async () => undefined,
        read: async (_, file) => files[file] ?? Uint8Array.of(...table, ...vcek),
        remove: async () => undefined,
      }
      const { asked } = await services([alice, bob], reports)
      expect(await asked?.ask(bob.peer)).toMatchObject({
        kinds: ['self'],
        codes: ['ATTESTATION_BINDING'],
        appraisal: { tier: 'self' },
      })
    },
  )

  it('asks itself what it asks others', async () => {
    const { asked } = await services([alice, bob])
    expect(await asked?.ask(alice.peer)).toMatchObject({ peer: alice.peer, tierNow: 'self' })
    expect(await asked?.offered()).toEqual({ tier: 'self', kinds: ['self'] })
  })

  it('refreshes what it does not know any more, and nothing else', async () => {
    const { asked, clock } = await services([alice, bob])
    const appraisedAtMs = () => asked?.known()[0]?.appraisal.appraisedAtMs
    expect(asked?.tierOf(bob.peer)).toBe(undefined)
    await asked?.refresh([bob.peer, device(3).peer])
    const first = appraisedAtMs()
    await clock.jump(MINUTE_MS)
    await asked?.refresh([bob.peer])
    expect([asked?.tierOf(bob.peer), appraisedAtMs()]).toEqual(['self', first])
  })

  it('waits no longer for answers than it is told to', async () => {
    const { asked } = await services([alice, bob])
    await asked?.refresh([bob.peer], AbortSignal.abort())
    expect(asked?.tierOf(bob.peer)).toBe(undefined)
  })

  it('asks once when it is told to ask twice at the same time', async () => {
    const { asked } = await services([alice, bob])
    const [first, second] = [asked?.ask(bob.peer), asked?.ask(bob.peer)]
    expect(first).toBe(second)
    await first
  })

  it('is answered six times within a minute, and again after it', async () => {
    const { asked, clock } = await services([alice, bob])
    for (let times = 0; times < 6; times++) await asked?.ask(bob.peer)
    await expect(asked?.ask(bob.peer)).rejects.toMatchObject({ code: 'ATTEST_LINK_ENDED' })
    await clock.jump(MINUTE_MS)
    expect(await asked?.ask(bob.peer)).toMatchObject({ appraisal: { tier: 'self' } })
  })

  it('asks again before what it knows counts less, and only then', async () => {
    const { asked, clock } = await services([alice, bob])
    await asked?.ask(bob.peer)
    const appraisedAtMs = () => asked?.known()[0]?.appraisal.appraisedAtMs
    const first = appraisedAtMs()
    await clock.advance(44 * MINUTE_MS)
    expect(appraisedAtMs()).toBe(first)
    await clock.advance(2 * MINUTE_MS)
    await settle()
    expect(appraisedAtMs()).toBeGreaterThan((first ?? 0) + 44 * MINUTE_MS)
  })

  it('keeps what it knew of one that cannot be reached', async () => {
    const { asked, hub, clock } = await services([alice, bob])
    await asked?.ask(bob.peer)
    const before = asked?.known()[0]?.appraisal
    hub.kill(bob.peer)
    await clock.advance(10 * 60 * MINUTE_MS)
    expect(asked?.known()).toMatchObject([{ peer: bob.peer, appraisal: before }])
  })

  it('shows evidence of an epoch once, to everybody, and sees that of others', async () => {
    const { asked } = await services([alice, bob])
    const [epoch, other] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)]
    const own = await running[1]?.epoch(epoch)
    expect(own?.map(({ peer }) => peer)).toEqual([bob.peer])
    const both = await asked?.epoch(epoch)
    await settle()
    expect(both?.map(({ peer, appraisal }) => [peer, appraisal.tier])).toEqual(
      [alice.peer, bob.peer].toSorted().map((peer) => [peer, 'self']),
    )
    expect(await running[1]?.epoch(epoch)).toEqual(both)
    expect((await asked?.epoch(other))?.map(({ peer }) => peer)).toEqual([alice.peer])
  })

  it('knows after a restart what it was shown, and asks nobody again', async () => {
    const { asked, stores } = await services([alice, bob])
    const before = await asked?.ask(bob.peer)
    await settle()
    for (const service of running.splice(0)) await service.stop()
    const [store = new MemoryStore()] = stores
    const again = await services([alice], undefined, [store])
    expect(again.asked?.known()).toEqual([before])
    expect(again.asked?.results().map(({ result }) => result.attester)).toEqual([bob.peer])
    for (const service of running.splice(0)) await service.stop()
    for (const [key, value] of store.values) store.values.set(key, value.fill(1, -30))
    expect((await services([alice], undefined, [store])).asked?.known()).toEqual([])
  })

  it('tells the others what it found, who find the same', async () => {
    const { asked } = await services([alice, bob, device(3)])
    await asked?.ask(bob.peer)
    await settle()
    const heard = running[2]?.results() ?? []
    expect(heard.map(({ result, recheck }) => [result.verifier, result.tier, recheck])).toEqual([
      [alice.peer, 'self', 'agrees'],
    ])
    // The device itself repeats nothing about itself.
    expect(running[1]?.results().map(({ recheck }) => recheck)).toEqual([undefined])
  })

  it('asks a device again that somebody calls for, if it knew it, and not more than once a minute', async () => {
    const { asked, clock } = await services([alice, bob, device(3)])
    await asked?.ask(bob.peer)
    const appraisedAtMs = () => asked?.known()[0]?.appraisal.appraisedAtMs
    const first = appraisedAtMs() ?? 0
    await clock.jump(1_000)
    await running[2]?.revoke(bob.peer)
    await settle()
    expect(appraisedAtMs()).toBe(first + 1_000)
    await clock.jump(1_000)
    await running[2]?.revoke(bob.peer)
    await settle()
    expect([appraisedAtMs(), running[2]?.known()]).toEqual([first + 1_000, []])
    await asked?.revoke(bob.peer)
    expect([asked?.known(), asked?.tierOf(bob.peer)]).toEqual([[], undefined])
  })

  it('has no TPM to give away when it has none', async () => {
    const { asked } = await services([alice, bob])
    await expect(asked?.handover(bob.peer)).rejects.toMatchObject({
      code: 'ATTESTER_TPM_UNAVAILABLE',
    })
    await expect(asked?.acceptHandover(new Uint8Array())).rejects.toMatchObject({
      code: 'SELF_HANDOVER',
    })
  })
})
