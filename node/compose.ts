/**
 * Every `new` of a daemon, on one page: which part is built from which.
 *
 * @module
 */

import { join } from 'node:path'
import type { Config } from '../config/index.ts'
import type { PeerId } from '../core/ids.ts'
import type { Startable } from '../core/lifecycle.ts'
import type { Logger } from '../core/logger.ts'
import type { HarvestBackend } from './api/backend.ts'
import { ApiServer, problemOf } from './api/index.ts'
import {
  composeCosigning,
  composeEpochs,
  epochBeacons,
  foundingParameters,
} from './compose-epochs.ts'
import { composeHarvest, type harvestFoundation } from './compose-harvest.ts'
import { composeLedger, composeReceipts, type Ledgers } from './compose-ledger.ts'
import { composeWork, type Work } from './compose-work.ts'
import { AttestationService } from './attestation/attestation-service.ts'
import { DaemonAttestationBackend } from './backend/attestation-backend.ts'
import { DaemonAuditBackend } from './backend/audit-backend.ts'
import { daemonBackend } from './backend/daemon-backend.ts'
import { DaemonJobBackend } from './backend/job-backend.ts'
import { DaemonMeshBackend } from './backend/mesh-backend.ts'
import { DaemonModelBackend } from './backend/model-backend.ts'
import { DaemonLedgerBackend } from './backend/ledger-backend.ts'
import { ModelHub } from './hub/model-hub.ts'
import { Operations } from './backend/operations.ts'
import { DaemonTrustBackend } from './backend/trust-backend.ts'
import { BlobService, DEFAULT_BLOB_SERVICE_INIT } from './blobs/blob-service.ts'
import { BulkGate } from './blobs/bulk-gate.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import { rememberSignatures } from './crypto/remembered-signatures.ts'
import type { DeviceReport } from './device/device-report.ts'
import { offeredCapabilities } from './device/offered-capabilities.ts'
import { deviceName } from './device-name.ts'
import { errorRow } from './error-catalogue.ts'
import { DaemonHarvestBackend } from './backend/harvest-backend.ts'
import type { HeaderWitness } from './cosign/header-witness.ts'
import type { MeshEpochs } from './epoch/mesh-epochs.ts'
import type { StageHost } from './inference/stage-host.ts'
import { MeshMembership } from './mesh/mesh-membership.ts'
import { ModelSource } from './model-source.ts'
import { ModelCatalogue } from './models/catalogue.ts'
import { type CountingNetwork, createNetwork } from './network/libp2p-network.ts'
import type { Network } from './network/network.ts'
import { networkInit } from './network-settings.ts'
import { Presence } from './presence/presence.ts'
import type { Runtime } from './runtime/runtime.ts'
import type { JobBook } from './scheduler/jobs/job-book.ts'
import type { TextBook } from './scheduler/texts/text-book.ts'
import { BlobStore } from './storage/blob-store.ts'
import type { Identity } from './storage/identity.ts'
import type { StateStore } from './storage/state-store.ts'
import { systemClock } from './system/system-clock.ts'
import { systemRandom } from './system/system-random.ts'
import { VERSION } from './version.ts'

/** What must be known before the parts can be built. */
export interface Foundation {
  readonly config: Config
  readonly log: Logger
  readonly stateDir: string
  readonly identity: Identity
  /** True when this start made the identity. */
  readonly newIdentity: boolean
  readonly state: StateStore
  readonly runtime: Runtime
  readonly report: DeviceReport
  /** What is lent to others, as far as it is known before the start. */
  readonly lending: Awaited<ReturnType<typeof harvestFoundation>>
  readonly measure: (refresh: boolean) => Promise<DeviceReport>
  readonly startedMs: number
  /** Ends the daemon: something is broken that only a restart can mend. */
  readonly fail: (error: unknown) => void
}

/** The parts that others talk to once they run. */
export interface Parts {
  readonly network: Network
  readonly mesh: MeshMembership
  readonly presence: Presence
  readonly attestation: AttestationService
  readonly host: StageHost
  readonly jobs: JobBook
  readonly texts: TextBook
  readonly source: ModelSource
  readonly blobs: BlobStore
  readonly catalogue: ModelCatalogue
  readonly api: ApiServer
  /** In the order in which they start. */
  readonly startables: readonly Startable[]
  /** Set once the daemon has begun to stop. */
  draining: boolean
}

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** Members are dialled while fewer peers than this are connected. */
const PEERS_TARGET = 32

const PRESENCE_LIMITS = {
  announceMsMin: 200,
  storeDelayMs: 10_000,
  // As long as everyone can be everyone's neighbour, the DHT knows nothing more.
  dhtDevicesMin: PEERS_TARGET + 1,
  storeEveryMs: 10 * 60_000,
  lookupMsMax: 5_000,
}

/** Of members' certificates: as many as members that a mesh may list. */
const SIGNATURES_REMEMBERED = 1_024

export function compose(foundation: Foundation): Parts {
  const { config, log } = foundation
  const { network, mesh, presence } = composeMesh(foundation)
  const ledgers = composeLedger(foundation, { network, mesh })
  const attestation = composeAttestation(foundation, { network, mesh })
  const epochs = composeEpochs(foundation, { network, mesh, presence, attestation, ...ledgers })
  const cosigning = composeCosigning(foundation, { network, mesh, near: ledgers.near, epochs })
  const models = composeModels(foundation, { network, presence })
  const meshParts = { network, mesh, presence, attestation }
  const receipts = composeReceipts(foundation, { network, presence, ...ledgers })
  const scoreOf = (peer: PeerId): number | undefined => epochs.scoreOf(peer)
  const certified = { beacons: epochBeacons(epochs), scoreOf }
  const work = composeWork(foundation, { ...meshParts, receipts, ...certified, ...models })
  const harvest = composeHarvest(foundation, { ...meshParts, ...work, bulk: models.bulk })
  const backend = composeBackend(foundation, {
    ...meshParts,
    ...ledgers,
    ...models,
    ...work,
    epochs,
    cosigning,
    lends: harvestSide(foundation, harvest),
  })
  const api = new ApiServer(
    { backend: backend.backend, logger: log, errorRow },
    {
      host: config.api.host,
      port: config.api.port,
      stateDir: foundation.stateDir,
      version: VERSION,
      jobBodyBytesMax: config.api.jobBodyBytesMax,
    },
  )
  backend.useApi(api)
  const { blobs, catalogue, service } = models
  const startables = [
    blobs,
    catalogue,
    // Before the network: whoever asks then finds it ready.
    attestation,
    network,
    mesh,
    // It answers who starts while this device starts as well.
    ledgers.witness,
    ledgers.ledger,
    epochs,
    cosigning,
    receipts,
    work.audits,
    presence,
    service,
    // It obeys what is decided before it, and is there for as long as others have stages here.
    harvest.part,
    work.part,
    work.jobs,
    work.texts,
    backend.part,
    api,
  ]
  const parts: Parts = {
    ...meshParts,
    ...models,
    ...work,
    api,
    startables,
    draining: false,
  }
  backend.useParts(parts)
  return parts
}

function composeMesh(
  foundation: Foundation,
): Omit<MeshParts, 'attestation'> & { readonly network: CountingNetwork } {
  const { config, log, identity, state } = foundation
  const { signer, seed } = identity
  const common = { logger: log, clock: systemClock, crypto: nodeCrypto, random: systemRandom }
  const remembering = rememberSignatures(nodeCrypto, SIGNATURES_REMEMBERED)
  const network = createNetwork({ logger: log, clock: systemClock, seed }, networkInit(config))
  const mesh = new MeshMembership(
    { ...common, crypto: remembering, network, store: state, signer },
    {
      certificateMs: 365 * DAY_MS,
      parameters: foundingParameters(config),
      redialMs: 500,
      redialMsMax: 300_000,
      peersTarget: PEERS_TARGET,
    },
  )
  const presence = new Presence({ ...common, network, mesh, signer }, presenceInit(foundation))
  return { network, mesh, presence }
}

function presenceInit(foundation: Foundation): ConstructorParameters<typeof Presence>[1] {
  const { heartbeatMs, expiryMs } = foundation.config.presence
  return {
    capabilities: offered(foundation),
    heartbeatMs,
    lifeMs: expiryMs,
    ...PRESENCE_LIMITS,
  }
}

function offered({ report, identity, config }: Foundation): ReturnType<typeof offeredCapabilities> {
  return offeredCapabilities(report, {
    name: deviceName(identity.peer),
    software: `brume/${VERSION}`,
    workMemoryBytesMax: config.runtime.executorMemoryBytes,
    leaseMs: HOUR_MS,
    tasks: ['infer', 'map'],
  })
}

export type Models = ReturnType<typeof composeModels>

export interface MeshParts {
  readonly network: Network
  readonly mesh: MeshMembership
  readonly presence: Presence
  readonly attestation: AttestationService
}

function composeModels(
  { config, log, state, runtime, stateDir }: Foundation,
  { network, presence }: Pick<MeshParts, 'network' | 'presence'>,
) {
  const folder = join(stateDir, 'store')
  const blobs = new BlobStore(
    { clock: systemClock, logger: log },
    { root: folder, quotaBytes: config.models.storeBytesMax, freeBytesMin: 64 * 1024 * 1024 },
  )
  const catalogue = new ModelCatalogue(
    { blobs, state, runtime, sha256: nodeCrypto.sha256, clock: systemClock, logger: log },
    {
      folder,
      memoryBytesMax: config.runtime.executorMemoryBytes,
      loadMsMax: config.runtime.loadDeadlineMs,
      runMsMax: config.runtime.runDeadlineMs,
    },
  )
  const bulk = new BulkGate(systemClock)
  const service = new BlobService(
    { network, blobs, clock: systemClock, logger: log, bulk },
    DEFAULT_BLOB_SERVICE_INIT,
  )
  const source = new ModelSource(
    {
      self: network.self,
      catalogue,
      blobs,
      service,
      presence,
      logger: log,
    },
    { weightBytesMax: config.runtime.executorMemoryBytes },
  )
  return { blobs, catalogue, service, source, bulk }
}

function composeAttestation(
  { config, log, identity, state }: Foundation,
  parts: Pick<MeshParts, 'network' | 'mesh'>,
) {
  const { tpm, eventLog, ...rest } = config.attestation
  return new AttestationService(
    {
      ...parts,
      clock: systemClock,
      random: systemRandom,
      logger: log,
      signer: identity.signer,
      store: state,
    },
    {
      tpmPath: tpm === 'none' ? undefined : tpm,
      eventLogPath: eventLog === '' ? undefined : eventLog,
      ...rest,
      version: VERSION,
    },
  )
}

type BackendParts = MeshParts &
  Models &
  Omit<Work, 'part'> &
  Ledgers & {
    readonly lends: HarvestBackend
    readonly epochs: MeshEpochs
    readonly cosigning: HeaderWitness
  }

function composeBackend(foundation: Foundation, parts: BackendParts) {
  const { runtime, measure, stateDir, startedMs } = foundation
  const { source, planner, jobs, texts, embeddings } = parts
  let api: ApiServer | undefined
  let all: Parts | undefined
  const operations = new Operations({
    clock: systemClock,
    problemOf: (error) => problemOf(error, errorRow),
  })
  const trust = new DaemonTrustBackend(parts.epochs, parts.cosigning, foundation.identity.peer)
  const meshSide = new DaemonMeshBackend(
    {
      ...parts,
      trustState: () => trust.state(),
      farewell: (now) => parts.epochs.farewell(now),
      clock: systemClock,
      runtime,
      report: measure,
      tierOf: (peer) => parts.attestation.tierOf(peer),
      evidenceKinds: async () => (await parts.attestation.offered()).kinds,
      draining: () => all?.draining ?? false,
      apiUrl: () => api?.url ?? '',
    },
    { stateDir, startedMs },
  )
  const modelSide = composeModelSide(foundation, { ...parts, operations })
  const attestation = new DaemonAttestationBackend(parts.attestation)
  const nameOf = (peer: PeerId): string => deviceName(peer)
  const jobSide = new DaemonJobBackend({ jobs, planner, source, nameOf })
  const part: Startable = { start: async () => undefined, stop: () => operations.stop() }
  return {
    backend: daemonBackend({
      mesh: meshSide,
      attestation,
      models: modelSide,
      jobs: jobSide,
      texts,
      embeddings,
      harvest: parts.lends,
      ledger: new DaemonLedgerBackend({ ...parts, self: foundation.identity.peer }),
      audits: new DaemonAuditBackend({
        ...parts,
        records: parts.auditRecords,
        clock: systemClock,
        crypto: nodeCrypto,
        nameOf,
      }),
      trust,
    }),
    part,
    useApi: (server: ApiServer) => {
      api = server
    },
    useParts: (known: Parts) => {
      all = known
    },
  }
}

function harvestSide(
  { config, lending }: Foundation,
  { harvest }: ReturnType<typeof composeHarvest>,
): HarvestBackend {
  return new DaemonHarvestBackend({
    ...lending,
    clock: systemClock,
    harvest,
    config: config.harvest,
  })
}

function composeModelSide(
  { config, stateDir }: Foundation,
  parts: Models & { readonly operations: Operations },
): DaemonModelBackend {
  const hub = new ModelHub(
    { clock: systemClock, blobs: parts.blobs },
    {
      folder: join(stateDir, 'downloads'),
      endpoint: config.models.hubEndpoint,
      token: process.env['HF_TOKEN'],
      tokenFile: config.models.hubTokenFile,
    },
  )
  return new DaemonModelBackend({ ...parts, hub })
}
