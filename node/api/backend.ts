/**
 * What the HTTP API asks of the daemon behind it.
 *
 * A method that fails throws a CodedError, whose code the catalogue turns into
 * an answer. A model, job or operation that does not exist is `undefined`, so
 * that the API says so in one way for all.
 *
 * @module
 */

import type { EventFeed } from './event-log.ts'
import type {
  AcceptedHandover,
  AcceptHandoverRequest,
  AttestationList,
  AttestationResultList,
  AttestationView,
  AttestRequest,
  CollateralList,
  EpochList,
  EpochRequest,
  Handover,
  ImportCollateralRequest,
} from './schemas/attestation.ts'
import type { AuditListView } from './schemas/audits.ts'
import type { Device, DeviceQuery } from './schemas/device.ts'
import type {
  HarvestAtQuery,
  HarvestView,
  LimitsQuery,
  LimitsView,
  PastDecision,
  WishRequest,
} from './schemas/harvest.ts'
import type { JobEvent, JobList, JobOutput, JobRequest, JobView } from './schemas/jobs.ts'
import type {
  AuditRequest,
  AuditView,
  EvidenceList,
  LedgerBundleQuery,
  LedgerNote,
  LedgerNoteRequest,
  LedgerSummary,
  LedgerSummaryQuery,
  LedgerView,
  ReceiptProofView,
} from './schemas/ledger.ts'
import type {
  CreateMeshRequest,
  Invite,
  InviteRequest,
  JoinRequest,
  LeaveRequest,
  Left,
  Mesh,
  MeshState,
} from './schemas/mesh.ts'
import type {
  BuildRequest,
  FetchRequest,
  ImportRequest,
  ModelDetail,
  ModelList,
  RemovedModel,
} from './schemas/models.ts'
import type { OperationEvent, OperationRef, OperationView } from './schemas/operations.ts'
import type { PeerList, PeersQuery } from './schemas/peers.ts'
import type { PlanRequest, PlanView } from './schemas/plan.ts'
import type { Status } from './schemas/status.ts'
import type {
  TrustExplanation,
  TrustHeaders,
  TrustHeadersQuery,
  TrustOwner,
  TrustOwnerRequest,
  TrustParameters,
  TrustParametersRequest,
  TrustProof,
  TrustRestartRequest,
  TrustView,
} from './schemas/trust.ts'
import type { TextEventView, TextList, TextRequest, TextView } from './schemas/texts.ts'

/** The mesh side: this device, its peers, its membership. */
export interface MeshBackend {
  status(): Promise<Status>
  device(query: DeviceQuery): Promise<Device>
  peers(query: PeersQuery): Promise<PeerList>
  mesh(): Promise<MeshState>
  createMesh(request: CreateMeshRequest): Promise<Mesh>
  invite(request: InviteRequest): Promise<Invite>
  join(request: JoinRequest, signal: AbortSignal): Promise<Mesh>
  /** Rejects with a CodedError where others need its seat, and it is not to leave now. */
  leave(request: LeaveRequest): Promise<Left>
}

/** What devices are taken for. */
export interface AttestationBackend {
  attestations(): Promise<AttestationList>
  /** Rejects with a CodedError when the device did not answer. */
  attest(request: AttestRequest): Promise<AttestationView>
  handover(request: AttestRequest): Promise<Handover>
  /** Rejects with a CodedError when it is not one, or not for this device. */
  acceptHandover(request: AcceptHandoverRequest): Promise<AcceptedHandover>
  /** Shows this device's evidence once; resolves to what all evidence of that epoch comes to. */
  attestEpoch(request: EpochRequest): Promise<EpochList>
  attestationResults(): Promise<AttestationResultList>
  revokeAttestation(request: AttestRequest): Promise<void>
  collateral(): Promise<CollateralList>
  /** Rejects with a CodedError when it does not hold; resolves to what is new. */
  importCollateral(request: ImportCollateralRequest): Promise<CollateralList>
}

/** What this device lends. */
export interface HarvestBackend {
  harvest(): Promise<HarvestView>
  harvestAt(query: HarvestAtQuery): Promise<PastDecision>
  setHarvestWish(request: WishRequest): Promise<HarvestView>
  /** Rejects with a CodedError when the template contradicts what is set. */
  harvestLimits(query: LimitsQuery): Promise<LimitsView>
}

/** The store side. `ref` is a model's id, the beginning of it, or its name. */
export interface ModelBackend {
  models(): Promise<ModelList>
  model(ref: string): Promise<ModelDetail | undefined>
  importModel(request: ImportRequest): Promise<OperationRef>
  buildModel(request: BuildRequest): Promise<OperationRef>
  /** Rejects with a CodedError when the name is not in its form. */
  fetchModel(request: FetchRequest): Promise<OperationRef>
  pullModel(ref: string): Promise<OperationRef | undefined>
  verifyModel(ref: string): Promise<OperationRef | undefined>
  removeModel(ref: string): Promise<RemovedModel | undefined>
  operation(id: string): Promise<OperationView | undefined>
  operationEvents(id: string): EventFeed<OperationEvent> | undefined
  /** Stops it and removes what it left half-done; what is over already stays as it is. */
  cancelOperation(id: string): Promise<OperationView | undefined>
}

/** The work side. */
export interface JobBackend {
  plan(request: PlanRequest): Promise<PlanView>
  submitJob(request: JobRequest): Promise<JobView>
  jobs(): Promise<JobList>
  job(id: string): Promise<JobView | undefined>
  /** Rejects with a CodedError when the job has no outputs (yet). */
  jobOutputs(id: string): Promise<readonly JobOutput[] | undefined>
  jobEvents(id: string): EventFeed<JobEvent> | undefined
  /** Stops it; a job that is over already stays as it is. */
  cancelJob(id: string): Promise<JobView | undefined>
}

/** The side of words. */
export interface TextBackend {
  /** Resolves once the text is taken: model and prompt are known to be good. */
  generate(request: TextRequest, signal: AbortSignal): Promise<TextView>
  /** Takes a text up again that was not written to its end. */
  resumeText(id: string, signal: AbortSignal): Promise<TextView>
  texts(): Promise<TextList>
  text(id: string): Promise<TextView | undefined>
  textEvents(id: string): EventFeed<TextEventView> | undefined
  /** Stops it; a text that is over already stays as it is. */
  cancelText(id: string): Promise<TextView | undefined>
  /** Resolves once all of them are there. */
  embed(request: EmbedRequest, signal: AbortSignal): Promise<EmbeddedTexts>
}

/** Texts to embed with one model. */
export interface EmbedRequest {
  readonly model: string
  readonly texts: readonly TextRequest[]
}

/** A vector of length 1 for each text, in their order. */
export interface EmbeddedTexts {
  readonly modelName: string
  readonly vectors: readonly Float32Array[]
  /** Of all texts together. */
  readonly promptTokens: number
}

/** The side of what was recorded. */
export interface LedgerBackend {
  /** Rejects with a CodedError while no ledger is open. */
  ledger(): Promise<LedgerView>
  ledgerSummary(query: LedgerSummaryQuery): Promise<LedgerSummary>
  /** The ledger as a file that anybody can verify. */
  ledgerBundle(query: LedgerBundleQuery): AsyncIterable<Uint8Array>
  noteInLedger(request: LedgerNoteRequest): Promise<LedgerNote>
  /** Undefined for a task that the ledger has no receipt of. */
  proveReceipt(task: string): Promise<ReceiptProofView | undefined>
  auditLedger(request: AuditRequest): Promise<AuditView>
  evidence(): Promise<EvidenceList>
}

/** The side of work that is run again. */
export interface AuditBackend {
  audits(): Promise<AuditListView>
}

/** The side of scores. */
export interface TrustBackend {
  /** Rejects with a CodedError in no mesh. */
  trust(): Promise<TrustView>
  /** Rejects with a CodedError for a device without a certified score. */
  explainTrust(peer: string): Promise<TrustExplanation>
  proveTrust(peer: string): Promise<TrustProof>
  /** @throws {TrustError} as the others. */
  trustHeaders(query: TrustHeadersQuery): Promise<TrustHeaders>
  trustParameters(): Promise<TrustParameters>
  /** Rejects with a CodedError unless this device has a seat. */
  wantTrustParameters(request: TrustParametersRequest): Promise<TrustParameters>
  trustOwner(): Promise<TrustOwner>
  /** Rejects with a CodedError where the device cannot have that owner. */
  changeTrustOwner(request: TrustOwnerRequest): Promise<TrustOwner>
  /** Rejects with a CodedError unless this device founded the mesh, and it stands still. */
  restartTrust(request: TrustRestartRequest): Promise<TrustView>
}

/** All of it. */
export interface Backend
  extends
    MeshBackend,
    AttestationBackend,
    HarvestBackend,
    ModelBackend,
    JobBackend,
    TextBackend,
    LedgerBackend,
    AuditBackend,
    TrustBackend {}
