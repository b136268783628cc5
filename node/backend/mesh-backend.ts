/**
 * The mesh side of the API: this device, its peers, its membership.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import type { Clock } from '../../core/clock.ts'
import type { Tier } from '../../attestation/index.ts'
import type { PeerId } from '../../core/ids.ts'
import { classesOf, type CapabilityRecord } from '../../protocols/presence/index.ts'
import type { MeshBackend } from '../api/backend.ts'
import type { Device, DeviceQuery } from '../api/schemas/device.ts'
import type {
  CreateMeshRequest,
  Invite,
  InviteRequest,
  JoinRequest,
  LeaveRequest,
  Left,
  Mesh,
  MeshState,
} from '../api/schemas/mesh.ts'
import type { PeerList, PeersQuery, PeerView } from '../api/schemas/peers.ts'
import type { Status } from '../api/schemas/status.ts'
import type { TrustState } from '../api/schemas/trust.ts'
import type { DeviceReport } from '../device/device-report.ts'
import { deviceName } from '../device-name.ts'
import type { DeviceLedger } from '../ledger/device-ledger.ts'
import type { StageHost } from '../inference/stage-host.ts'
import type { StagePool } from '../inference/stage-pool.ts'
import type { MeshMembership } from '../mesh/mesh-membership.ts'
import type { MeshView } from '../mesh/mesh-view.ts'
import type { ModelCatalogue } from '../models/catalogue.ts'
import type { Network } from '../network/network.ts'
import type { RankedCandidate } from '../presence/candidate.ts'
import type { Presence } from '../presence/presence.ts'
import type { Receipts } from '../receipts/receipts.ts'
import type { Runtime } from '../runtime/runtime.ts'
import type { JobBook } from '../scheduler/jobs/job-book.ts'
import { VERSION } from '../version.ts'
import { headView } from './ledger-backend.ts'

export interface MeshBackendComponents {
  readonly clock: Clock
  readonly network: Network
  readonly mesh: MeshMembership
  readonly presence: Presence
  readonly runtime: Runtime
  readonly catalogue: ModelCatalogue
  readonly host: StageHost
  readonly pool: StagePool
  readonly jobs: JobBook
  readonly ledger: DeviceLedger
  readonly receipts: Pick<Receipts, 'faultsOf'>
  /** Reads what this device is; measures again when asked to. */
  readonly report: (refresh: boolean) => Promise<DeviceReport>
  /** What a device is taken for now; undefined when it was not asked. */
  readonly tierOf: (peer: PeerId) => Tier | undefined
  /** Kinds of evidence that this device can show. */
  readonly evidenceKinds: () => Promise<readonly string[]>
  /** Where the agreement on trust stands; null in no mesh. */
  readonly trustState: () => TrustState | null
  /** Tells the mesh that this device leaves it, at once or when it can be done without; how many know. */
  readonly farewell: (now: boolean) => Promise<number>
  readonly draining: () => boolean
  readonly apiUrl: () => string
}

export interface MeshBackendInit {
  readonly stateDir: string
  readonly startedMs: number
}

/** Bytes of one page of /proc/PID/statm. */
const PAGE_BYTES = 4096

/** Longest lookup of a class, in ms. */
const LOOKUP_MS_MAX = 5_000

export class DaemonMeshBackend implements MeshBackend {
  readonly #components: MeshBackendComponents
  readonly #init: MeshBackendInit

  constructor(components: MeshBackendComponents, init: MeshBackendInit) {
    this.#components = components
    this.#init = init
  }

  async status(): Promise<Status> {
    const { clock, network, mesh, catalogue, jobs, host, pool, ledger, draining, apiUrl } =
      this.#components
    const { startedMs, stateDir } = this.#init
    const view = mesh.current()
    const connectedPeers = this.#connectedMembers().length
    const reason = view === undefined ? 'no-mesh' : connectedPeers === 0 ? 'no-peers' : undefined
    return {
      version: VERSION,
      peer: network.self,
      name: deviceName(network.self),
      state: draining() ? 'draining' : 'ready',
      ...(reason === undefined ? {} : { reason }),
      startedMs,
      uptimeMs: Math.max(0, clock.wallMs() - startedMs),
      stateDir,
      apiUrl: apiUrl(),
      addresses: [...network.addresses()],
      mesh: view === undefined ? null : { id: view.id, name: view.name, role: view.role },
      connectedPeers,
      models: catalogue.list().length,
      stages: host.stages.map(({ open, requester }) => ({
        model: open.model,
        fromLayer: open.fromLayer,
        toLayer: open.toLayer,
        provider: this.#providerOf(open),
        requester,
      })),
      jobs: jobs.counts(),
      ledger: ledger.current === undefined ? null : headView(ledger.current),
      trust: this.#components.trustState(),
      memory: {
        daemonBytes: process.memoryUsage.rss(),
        executorBytes: await residentBytes(pool.stages.map(({ executor }) => executor.pid)),
      },
    }
  }

  async device({ refresh }: DeviceQuery): Promise<Device> {
    const { network, presence, runtime, report } = this.#components
    const [facts, providers, evidence] = await Promise.all([
      report(refresh),
      runtime.providers(),
      this.#components.evidenceKinds(),
    ])
    const { benchmark } = facts
    const { gpuF32MflopsPerS } = presence.capabilities().speeds
    return {
      peer: network.self,
      name: deviceName(network.self),
      platform: facts.platform,
      arch: facts.arch,
      model: facts.model,
      cores: facts.cores,
      memoryBytes: facts.memoryBytes,
      memoryFreeBytes: Math.max(0, Math.round(facts.memoryFreeBytes)),
      diskFreeBytes: Math.max(0, Math.round(facts.diskFreeBytes)),
      accelerators: facts.accelerators.map(({ name, memoryBytes }) => ({
        name,
        ...(memoryBytes === undefined ? {} : { memoryBytes }),
      })),
      providers: [...providers],
      benchmark:
        benchmark === undefined
          ? null
          : {
              f32Gflops: benchmark.f32MflopsPerS / 1000,
              int8Gops: benchmark.int8MopsPerS / 1000,
              memoryBytesPerSecond: benchmark.memoryMBPerS * 1e6,
              // What is read back comes out of memory; what is written and synced does not.
              storageBytesPerSecond: benchmark.storageWriteMBPerS * 1e6,
              ...(gpuF32MflopsPerS === 0 ? {} : { gpuF32Gflops: gpuF32MflopsPerS / 1000 }),
              measuredMs: Math.round(benchmark.measuredMs),
              tookMs: benchmark.tookMs,
            },
      evidence: [...evidence],
      classes: [...presence.classes()],
    }
  }

  async peers({ class: capabilityClass }: PeersQuery): Promise<PeerList> {
    const { presence } = this.#components
    if (capabilityClass !== undefined) {
      const ranked = await presence.lookup(capabilityClass, AbortSignal.timeout(LOOKUP_MS_MAX))
      return { peers: ranked.map((candidate) => this.#peer(candidate.record, candidate)) }
    }
    const self = presence.self()
    const records = [...(self === undefined ? [] : [self]), ...presence.records()]
    return { peers: records.map((record) => this.#peer(record)) }
  }

  async mesh(): Promise<MeshState> {
    const view = this.#components.mesh.current()
    return { mesh: view === undefined ? null : meshOf(view) }
  }

  async createMesh({ name }: CreateMeshRequest): Promise<Mesh> {
    return meshOf(await this.#components.mesh.create(name))
  }

  async invite(request: InviteRequest): Promise<Invite> {
    const { code, uses, role, mayInvite, expiresMs } = await this.#components.mesh.invite(request)
    return { code, uses, role, mayInvite, expiresMs: Math.round(expiresMs) }
  }

  async join({ code }: JoinRequest, signal: AbortSignal): Promise<Mesh> {
    return meshOf(await this.#components.mesh.join(code, signal))
  }

  async leave({ now }: LeaveRequest): Promise<Left> {
    const { mesh, farewell } = this.#components
    const told = await farewell(now)
    await mesh.leave()
    return { told }
  }

  #connectedMembers(): readonly PeerId[] {
    const members = new Set(this.#components.mesh.members().map(({ peer }) => peer))
    return this.#components.network.peers().flatMap(({ peer }) => (members.has(peer) ? peer : []))
  }

  #providerOf(open: {
    model: string
    fromLayer: number
    toLayer: number
  }): 'cpu' | 'webgpu' | 'cuda' | 'coreml' | 'directml' {
    const loaded = this.#components.pool.stages.find(
      ({ model, description }) =>
        model === open.model &&
        description.fromLayer === open.fromLayer &&
        description.toLayer === open.toLayer,
    )
    return loaded?.provider ?? 'cpu'
  }

  #peer(record: CapabilityRecord, candidate?: RankedCandidate): PeerView {
    const { network, mesh, clock } = this.#components
    const connection = network.peers().find(({ peer }) => peer === record.peer)
    const member = mesh.members().find(({ peer }) => peer === record.peer)
    const self = record.peer === network.self
    const role = self ? mesh.current()?.role : member?.role
    const { f32MflopsPerS } = record.speeds
    const wallMs = clock.wallMs()
    const tier = this.#components.tierOf(record.peer)
    const receiptFaults = this.#components.receipts.faultsOf(record.peer)
    return {
      peer: record.peer,
      name: record.name,
      self,
      connected: self || connection !== undefined,
      ...(role === undefined ? {} : { role }),
      ...(connection === undefined
        ? {}
        : { address: connection.address, encryption: connection.encryption }),
      cores: record.cores,
      memoryBytes: record.memoryBytes,
      accelerators: record.accelerators.map(({ name }) => name),
      providers: [...record.providers],
      classes: [...classesOf(record)],
      ...(f32MflopsPerS === 0 ? {} : { f32Gflops: f32MflopsPerS / 1000 }),
      ...(tier === undefined ? {} : { tier }),
      ...(receiptFaults === 0 ? {} : { receiptFaults }),
      offeredTier: record.tier,
      level: record.levelQuarters / 4,
      ...forecastOf(record),
      models: record.holdings.map(({ model }) => model),
      stages: record.holdings.flatMap(({ model, ranges }) =>
        ranges.map(({ from, to }) => ({ model, fromLayer: from, toLayer: to })),
      ),
      ageMs: Math.max(0, wallMs - record.issuedMs),
      expiresInMs: record.expiresMs - wallMs,
      ...(candidate === undefined ? {} : { score: candidate.score }),
    }
  }
}

function forecastOf({ forecast }: CapabilityRecord): Pick<PeerView, 'forecast'> {
  if (forecast === undefined) return {}
  return {
    forecast: {
      staysFor5min: forecast.staysFor5minQuarters / 4,
      staysFor15min: forecast.staysFor15minQuarters / 4,
      staysFor60min: forecast.staysFor60minQuarters / 4,
    },
  }
}

function meshOf(view: MeshView): Mesh {
  return {
    id: view.id,
    name: view.name,
    createdMs: Math.round(view.createdMs),
    founder: view.founder,
    role: view.role,
    certificateExpiresMs: Math.round(view.certificateExpiresMs),
    invites: view.invites,
  }
}

/** Resident memory of processes; 0 where the system does not tell. */
async function residentBytes(pids: readonly number[]): Promise<number> {
  const sizes = await Promise.all(
    pids.map(async (pid) => {
      try {
        const [, pages = '0'] = (await readFile(`/proc/${pid}/statm`, 'utf8')).split(' ')
        return Number(pages) * PAGE_BYTES
      } catch {
        // Not Linux, or the process has just ended.
        return 0
      }
    }),
  )
  return sizes.reduce((sum, bytes) => sum + bytes, 0)
}
