/**
 * The sides of the API as the one port that it asks for.
 *
 * @module
 */

import type {
  AttestationBackend,
  AuditBackend,
  Backend,
  HarvestBackend,
  JobBackend,
  LedgerBackend,
  MeshBackend,
  ModelBackend,
  TrustBackend,
} from '../api/backend.ts'
import type { EmbeddingBook } from '../scheduler/texts/embedding-book.ts'
import type { TextBook } from '../scheduler/texts/text-book.ts'
import { wholeId } from './whole-id.ts'

/** What the daemon offers, by side. */
export interface BackendSides {
  readonly mesh: MeshBackend
  readonly attestation: AttestationBackend
  readonly harvest: HarvestBackend
  readonly models: ModelBackend
  readonly jobs: JobBackend
  readonly texts: TextBook
  readonly embeddings: EmbeddingBook
  readonly ledger: LedgerBackend
  readonly audits: AuditBackend
  readonly trust: TrustBackend
}

/** Methods are bound: the API calls them without their object. */
export function daemonBackend(sides: BackendSides): Backend {
  const { mesh, attestation, harvest, models, jobs, texts } = sides
  const { embeddings, ledger, audits, trust } = sides
  return {
    status: () => mesh.status(),
    device: (query) => mesh.device(query),
    peers: (query) => mesh.peers(query),
    mesh: () => mesh.mesh(),
    createMesh: (request) => mesh.createMesh(request),
    invite: (request) => mesh.invite(request),
    join: (request, signal) => mesh.join(request, signal),
    leave: (request) => mesh.leave(request),
    attestations: () => attestation.attestations(),
    attest: (request) => attestation.attest(request),
    handover: (request) => attestation.handover(request),
    acceptHandover: (request) => attestation.acceptHandover(request),
    attestEpoch: (request) => attestation.attestEpoch(request),
    attestationResults: () => attestation.attestationResults(),
    revokeAttestation: (request) => attestation.revokeAttestation(request),
    collateral: () => attestation.collateral(),
    importCollateral: (request) => attestation.importCollateral(request),
    harvest: () => harvest.harvest(),
    harvestAt: (query) => harvest.harvestAt(query),
    setHarvestWish: (request) => harvest.setHarvestWish(request),
    harvestLimits: (query) => harvest.harvestLimits(query),
    models: () => models.models(),
    model: (ref) => models.model(ref),
    importModel: (request) => models.importModel(request),
    fetchModel: (request) => models.fetchModel(request),
    buildModel: (request) => models.buildModel(request),
    pullModel: (ref) => models.pullModel(ref),
    verifyModel: (ref) => models.verifyModel(ref),
    removeModel: (ref) => models.removeModel(ref),
    operation: (id) => models.operation(id),
    operationEvents: (id) => models.operationEvents(id),
    cancelOperation: (id) => models.cancelOperation(id),
    plan: (request) => jobs.plan(request),
    submitJob: (request) => jobs.submitJob(request),
    jobs: () => jobs.jobs(),
    job: (id) => jobs.job(id),
    jobOutputs: (id) => jobs.jobOutputs(id),
    jobEvents: (id) => jobs.jobEvents(id),
    cancelJob: (id) => jobs.cancelJob(id),
    generate: (request, signal) => texts.submit(request, signal),
    resumeText: (id, signal) => texts.resume(wholeId(id, texts.list()), signal),
    texts: async () => ({ texts: [...texts.list()] }),
    text: async (id) => texts.get(wholeId(id, texts.list())),
    textEvents: (id) => texts.events(wholeId(id, texts.list())),
    cancelText: async (id) => texts.cancel(wholeId(id, texts.list())),
    embed: (request, signal) => embeddings.embed(request, signal),
    ledger: () => ledger.ledger(),
    ledgerSummary: (query) => ledger.ledgerSummary(query),
    ledgerBundle: (query) => ledger.ledgerBundle(query),
    noteInLedger: (request) => ledger.noteInLedger(request),
    proveReceipt: (task) => ledger.proveReceipt(task),
    auditLedger: (request) => ledger.auditLedger(request),
    evidence: () => ledger.evidence(),
    audits: () => audits.audits(),
    trust: () => trust.trust(),
    explainTrust: (peer) => trust.explainTrust(peer),
    proveTrust: (peer) => trust.proveTrust(peer),
    trustHeaders: (query) => trust.trustHeaders(query),
    trustParameters: () => trust.trustParameters(),
    wantTrustParameters: (request) => trust.wantTrustParameters(request),
    trustOwner: () => trust.trustOwner(),
    changeTrustOwner: (request) => trust.changeTrustOwner(request),
    restartTrust: (request) => trust.restartTrust(request),
  }
}
