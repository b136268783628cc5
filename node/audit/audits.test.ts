/**
 * Whole audits between real hosts, requesters and auditors over links in memory.
 */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { fromHex, toHex } from '../../core/bytes.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import type { OpenRecord } from '../../protocols/inference/index.ts'
import { encodeAuditProof, openAuditProof, openVerdict } from '../../protocols/audit/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  fakedClock,
  InferenceMesh,
  someInputs,
  type InferenceDevice,
} from '../../test/fixtures/inference-mesh.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { floats, numbers } from '../../test/fixtures/stage-executors.ts'
import { AuditReader, toldAudit } from '../epoch/audited-task.ts'
import type { StateChange } from '../storage/state-store.ts'
import { AuditRecords, type AuditRecord } from './audit-records.ts'
import { Audits, type AuditsInit, type DoneStage } from './audits.ts'
import type { Beacon } from './beacons.ts'

const MESH = 'cd'.repeat(32) as MeshId
const BROKEN = new Uint8Array()

class BatchStore extends MemoryStore {
  async batch(changes: readonly StateChange[]): Promise<void> {
    for (const change of changes) {
      if (change.type === 'put') await this.put(change.key, change.value)
      else await this.del(change.key)
    }
  }
}

interface Auditing {
  readonly audits: Audits
  readonly records: AuditRecords
  readonly store: BatchStore
}

let mesh = new InferenceMesh()
let beacon: Beacon | undefined
/** Whom an epoch draws, and what it was told. */
let drawn: readonly PeerId[] = []
let told: Uint8Array[] = []
/** Of devices that are not their own. */
const owners = new Map<PeerId, PeerId>()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
  beacon = undefined
  drawn = []
  told = []
  owners.clear()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

function auditing(device: InferenceDevice, init: Partial<AuditsInit> = {}): Auditing {
  const store = new BatchStore()
  const records = new AuditRecords(store)
  const others = () => mesh.devices.filter((other) => other !== device)
  const audits = new Audits(
    {
      network: {
        open: (...options) => device.network.open(...options),
        peers: () =>
          others().map(({ peer }) => ({
            peer,
            address: '',
            direction: 'inbound',
            sinceMs: 0,
            encryption: 'noise',
          })),
      },
      mesh: {
        current: () => ({
          id: MESH,
          name: 'test',
          founder: device.peer,
          createdMs: 0,
          role: 'worker',
          mayInvite: true,
          certificateExpiresMs: 0,
          invites: 0,
        }),
        members: () =>
          others().map(({ peer }) => ({ peer, role: 'worker', mayInvite: false, expiresMs: 0 })),
      },
      clock: fakedClock,
      crypto: nodeCrypto,
      random: SeededRandom.fromInteger(mesh.devices.indexOf(device) + 7),
      logger: SILENT_LOGGER,
      signer: device.signer,
      tapes: device.tapes,
      records,
      beacons: {
        latest: () => beacon,
        drawn: () => drawn,
        ownerOf: (peer) => owners.get(peer) ?? peer,
        tell: (receipt, verdicts) => void told.push(toldAudit(receipt, verdicts)),
      },
      rerun: () => ({
        pool: device.pool,
        takeSlot: () => device.host.takeSlot(),
        gate: { pass: (run) => run() },
      }),
      lends: () => true,
    },
    { conduct: true, serve: true, ...init },
  )
  device.network.handle(audits.protocol)
  return { audits, records, store }
}

/** A requester, a provider, and as many others, each with its audits. */
function scene(others: number, init: Partial<AuditsInit> = {}) {
  const requester = mesh.add()
  const provider = mesh.add()
  const auditors = Array.from({ length: others }, () => mesh.add())
  const own = auditing(requester)
  auditing(provider)
  const theirs = auditors.map((auditor) => auditing(auditor, init))
  return { requester, provider, auditors, own, theirs }
}

/** Runs a session at the provider; its stages as they can be audited. */
async function work(
  requester: InferenceDevice,
  provider: InferenceDevice,
  count = 6,
): Promise<readonly DoneStage[]> {
  const log = mesh.start({ requester, stages: [provider], layers: 3 })
  await mesh.run(log, someInputs(count))
  return doneStages(log.events)
}

function doneStages(events: readonly { readonly type: string }[]): readonly DoneStage[] {
  const opens = new Map<number, OpenRecord>()
  const done: DoneStage[] = []
  for (const event of events) {
    if (event.type === 'ready') {
      const { open } = event as unknown as { readonly open: OpenRecord }
      opens.set(open.stage, open)
    }
    if (event.type !== 'receipt') continue
    const { stage, signed } = event as unknown as {
      readonly stage: number
      readonly signed: DoneStage['receipt']
    }
    const open = opens.get(stage)
    if (open !== undefined) done.push({ open, receipt: signed, bytes: 24 })
  }
  return done
}

/** More than a provider is expected to keep. */
const MUCH = 2 ** 25

/** A stage that its provider knows nothing of any more. */
function givenUp({ open, ...done }: DoneStage): DoneStage {
  return { ...done, open: { ...open, session: 'f'.repeat(32) as typeof open.session } }
}

/** Has `done` audited, and waits until that is over. */
async function audited(
  { audits, records }: Auditing,
  done: readonly DoneStage[],
): Promise<AuditRecord> {
  audits.offer(done)
  for (let turn = 0; audits.pending > 0; turn++) {
    if (turn > 2_000) throw new Error('the audit did not end')
    await mesh.pass(20)
  }
  const [latest] = records.records
  if (latest === undefined) throw new Error('nothing was audited')
  return latest
}

/** Makes every run of a device give something else. */
function lie(device: InferenceDevice, change = (value: number) => value + 1): void {
  device.onLoad = (executor) => {
    const run = executor.run.bind(executor)
    executor.run = async (inputs) => {
      const { outputs, computeUs } = await run(inputs)
      return { outputs: floats(...numbers(outputs).map(change)), computeUs }
    }
  }
}

function opened({ verdicts }: AuditRecord): readonly ReturnType<typeof openVerdict>[] {
  return verdicts.map((signed) => openVerdict(nodeCrypto, fromHex(MESH) ?? BROKEN, signed))
}

function findings(record: AuditRecord): readonly string[] {
  return opened(record).map((one) => (one.type === 'value' ? one.value.finding : one.code))
}

describe('audits', () => {
  it('pass who did the work, with one run of another device', async () => {
    const { requester, provider, own, theirs } = scene(3)
    const record = await audited(own, await work(requester, provider))
    expect(record).toMatchObject({ outcome: 'passed', requests: 6, compared: 6, stage: 0 })
    expect(record.provider).toBe(provider.peer)
    expect(findings(record)).toEqual(['same'])
    expect(own.records.historyOf(provider.peer)).toMatchObject({ run: 1 })
    expect(theirs.flatMap(({ records }) => records.records)).toEqual([])
  })

  it('ask nobody whose owner had a part in the work', async () => {
    const { requester, provider, auditors, own } = scene(3)
    const [kin, friend, stranger] = auditors.map(({ peer }) => peer) as [PeerId, PeerId, PeerId]
    owners.set(kin, provider.peer)
    owners.set(requester.peer, friend)
    const record = await audited(own, await work(requester, provider))
    expect(opened(record)).toMatchObject([{ value: { auditor: stranger } }])
  })

  it('fail who gave something else, after a third run', async () => {
    const { requester, provider, own } = scene(3)
    lie(provider)
    const record = await audited(own, await work(requester, provider))
    expect(record.outcome).toBe('failed')
    expect(findings(record)).toEqual(['different', 'different'])
    expect(own.records.distrusted(fakedClock.wallMs())).toEqual([provider.peer])
  })

  it('fail a provider of another numeric class whose outputs are unlike, and pass one whose are alike', async () => {
    const { requester, provider, own } = scene(3)
    provider.numericClass = new Uint8Array(32).fill(9)
    lie(provider, (value) => value * (1 + 1e-6))
    expect(findings(await audited(own, await work(requester, provider)))).toEqual(['alike'])
    await provider.pool.stop()
    lie(provider, (value) => -value)
    expect((await audited(own, await work(requester, provider))).outcome).toBe('failed')
  })

  it('blame nobody for one auditor that is broken', async () => {
    const { requester, provider, auditors, own } = scene(2)
    const outcomes = new Set<string>()
    const [broken] = auditors
    if (broken === undefined) throw new Error('no auditor')
    lie(broken)
    for (let task = 0; task < 6; task++) {
      outcomes.add((await audited(own, await work(requester, provider))).outcome)
    }
    expect([...outcomes]).toEqual(['passed'])
    expect(own.records.distrusted(fakedClock.wallMs())).toEqual([])
  })

  it('blame nobody where all runs differ', async () => {
    const { requester, provider, auditors, own } = scene(2)
    for (const [index, auditor] of auditors.entries()) lie(auditor, (value) => value + 5 + index)
    const record = await audited(own, await work(requester, provider))
    expect(record.outcome).toBe('inconclusive')
    expect(findings(record)).toEqual(['different', 'different'])
  })

  it('do not pass who shows no evidence', async () => {
    const { requester, provider, own } = scene(2)
    const done = await work(requester, provider)
    expect((await audited(own, done.map(givenUp))).outcome).toBe('withheld')
    expect(own.records.historyOf(provider.peer)).toMatchObject({ run: 0, withheld: 1 })
  })

  it('blame nobody whose evidence had to give way to what was done since', async () => {
    const { requester, provider, own } = scene(2)
    const done = await work(requester, provider)
    const many = done.map((stage) => ({ ...stage, bytes: MUCH }))
    expect((await audited(own, [...done.map(givenUp), ...many])).outcome).toBe('passed')
    expect(own.records.records.map(({ outcome }) => outcome)).toEqual(['passed', 'unaudited'])
    expect(own.records.historyOf(provider.peer)).toMatchObject({ run: 1, withheld: 0 })
  })

  it('blame nobody whose session was longer than all that is kept', async () => {
    const { requester, provider, own } = scene(2)
    const long = (await work(requester, provider)).map((stage) => ({ ...stage, bytes: MUCH + 1 }))
    expect((await audited(own, long.map(givenUp))).outcome).toBe('unaudited')
    expect((await audited(own, long)).outcome).toBe('passed')
  })

  it('wait for no epoch where the evidence would be gone by then', async () => {
    const { requester, provider, own } = scene(2)
    beacon = { epoch: 3, value: new Uint8Array(32).fill(3) }
    const done = await work(requester, provider)
    own.audits.offer([...done, ...done.map((stage) => ({ ...stage, bytes: MUCH }))])
    await mesh.pass(3_000)
    expect(own.records.records.map(({ epoch, outcome }) => [epoch, outcome])).toEqual([
      [undefined, 'passed'],
    ])
    beacon = { epoch: 4, value: new Uint8Array(32).fill(4) }
    await mesh.pass(3_000)
    expect(own.records.records.map(({ epoch }) => epoch)).toEqual([4, undefined])
    expect(own.audits.pending).toBe(0)
  })

  it('go on to whoever runs it, and say when nobody does', async () => {
    const { requester, provider, own } = scene(2, { serve: false })
    expect((await audited(own, await work(requester, provider))).outcome).toBe('unaudited')
    expect(own.records.historyOf(provider.peer)).toMatchObject({ run: 0, withheld: 0 })
    auditing(mesh.add())
    expect((await audited(own, await work(requester, provider))).outcome).toBe('passed')
  })

  it('are drawn by a beacon of a later epoch, where epochs are certified', async () => {
    const { requester, provider, own } = scene(2)
    beacon = { epoch: 4, value: new Uint8Array(32).fill(4) }
    own.audits.offer(await work(requester, provider))
    await mesh.pass(3_000)
    expect(own.records.records).toEqual([])
    beacon = { epoch: 5, value: new Uint8Array(32).fill(5) }
    await mesh.pass(3_000)
    const [record] = own.records.records
    expect(record).toMatchObject({ epoch: 5, outcome: 'passed' })
    const network = fromHex(MESH) ?? new Uint8Array()
    const proof = encodeAuditProof(record?.verdicts ?? [])
    const proven = openAuditProof(nodeCrypto, network, proof)
    expect(proven).toMatchObject({ value: { provider: provider.peer, passed: true, epoch: 5 } })
    const [audit] = told.map((one) => new AuditReader(nodeCrypto, network).read(one))
    expect(audit).toMatchObject({ provider: provider.peer, requester: requester.peer, epoch: 5 })
    await own.audits.stop()
  })

  it('ask those first whom an epoch draws, so that others count it', async () => {
    const { requester, provider, own, auditors } = scene(4)
    drawn = auditors.slice(3).map(({ peer }) => peer)
    for (const epoch of [5, 6, 7]) {
      beacon = { epoch: epoch - 1, value: new Uint8Array(32).fill(epoch - 1) }
      own.audits.offer(await work(requester, provider))
      beacon = { epoch, value: new Uint8Array(32).fill(epoch) }
      for (let turn = 0; own.audits.pending > 0; turn++) await mesh.pass(20)
    }
    const network = fromHex(MESH) ?? new Uint8Array()
    const asked = told.map((one) => new AuditReader(nodeCrypto, network).read(one)?.auditors)
    expect(asked).toEqual([drawn, drawn, drawn])
  })

  it('prove nothing to others where this device drew alone', async () => {
    const { requester, provider, own } = scene(2)
    const { verdicts } = await audited(own, await work(requester, provider))
    const network = fromHex(MESH) ?? new Uint8Array()
    expect(openAuditProof(nodeCrypto, network, encodeAuditProof(verdicts))).toMatchObject({
      code: 'AUDIT_VERDICT_INVALID',
    })
    expect(told).toEqual([])
  })

  it('are remembered after a restart, and take part of the work once enough have passed', async () => {
    const { requester, provider, own } = scene(2)
    for (let task = 0; task < 11; task++) {
      own.audits.offer(await work(requester, provider))
      for (let turn = 0; own.audits.pending > 0; turn++) await mesh.pass(20)
    }
    const again = new AuditRecords(own.store)
    await again.start()
    expect(again.historyOf(provider.peer).run).toBeGreaterThanOrEqual(10)
    expect(again.rateOf(provider.peer)).toBeLessThanOrEqual(1_000)
    expect(again.records.map(({ task }) => toHex(task))).toEqual(
      own.records.records.map(({ task }) => toHex(task)),
    )
  })
})

describe('audits of texts', () => {
  const prompt = [3, 1, 4, 1, 5, 9, 2, 6]

  async function say(requester: InferenceDevice, stages: readonly InferenceDevice[]) {
    const log = mesh.startText({ requester, stages, prompt, tokensMax: 12 })
    await mesh.runText(log)
    return doneStages(log.events)
  }

  it('run every stage again as one prefill, and find its rows and tokens the same', async () => {
    const { requester, provider, own, auditors } = scene(3)
    const [second] = auditors
    if (second === undefined) throw new Error('no device')
    const done = await say(requester, [requester, provider, second])
    await audited(own, done)
    const outcomes = own.records.records.map(({ stage, outcome }) => [stage, outcome])
    expect(outcomes).toEqual([
      [2, 'passed'],
      [1, 'passed'],
    ])
    expect(own.records.records.map(findings)).toEqual([['same'], ['same']])
  })

  it('find a last stage that draws something else', async () => {
    const { requester, provider, own } = scene(3)
    provider.onLoad = (executor) => {
      const step = executor.step.bind(executor)
      executor.step = async (wanted) => {
        const ran = await step(wanted)
        const outputs = ran.outputs.map((tensor) => ({
          ...tensor,
          data: tensor.data.map((byte, at) => (at % 4 === 0 ? (byte % 90) + 1 : byte)),
        }))
        return { ...ran, outputs }
      }
    }
    const done = await say(requester, [requester, provider])
    expect((await audited(own, done)).outcome).toBe('failed')
  })
})
