/**
 * The attestation side of the API.
 *
 * @module
 */

import type { ShelvedItem } from '../../attestation/index.ts'
import { fromBase64Url, fromHex, toBase64Url } from '../../core/bytes.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { AttestationBackend } from '../api/backend.ts'
import type {
  AcceptedHandover,
  AcceptHandoverRequest,
  AttestationList,
  AttestationResultList,
  AttestationResultView,
  AttestationView,
  AttestRequest,
  CollateralList,
  CollateralView,
  EpochList,
  EpochRequest,
  Handover,
  ImportCollateralRequest,
} from '../api/schemas/attestation.ts'
import type { Known } from '../attestation/appraisal-table.ts'
import type { AttestationService } from '../attestation/attestation-service.ts'
import type { HeldResult } from '../attestation/result-book.ts'
import { deviceName } from '../device-name.ts'
import { errorRow } from '../error-catalogue.ts'

export class DaemonAttestationBackend implements AttestationBackend {
  readonly #service: AttestationService

  constructor(service: AttestationService) {
    this.#service = service
  }

  attestations(): Promise<AttestationList> {
    return Promise.resolve({ attestations: this.#service.known().map(viewOf) })
  }

  async attest({ peer }: AttestRequest): Promise<AttestationView> {
    return viewOf(await this.#service.ask(peerOf(peer)))
  }

  async handover({ peer }: AttestRequest): Promise<Handover> {
    return { handover: toBase64Url(await this.#service.handover(peerOf(peer))) }
  }

  async acceptHandover(request: AcceptHandoverRequest): Promise<AcceptedHandover> {
    // Text that is no base64url is refused like bytes that are no handover.
    const encoded = fromBase64Url(request.handover) ?? new Uint8Array()
    const { from, hardwareId } = await this.#service.acceptHandover(encoded)
    return { from, hardwareId }
  }

  async attestEpoch({ epoch }: EpochRequest): Promise<EpochList> {
    const id = fromHex(epoch)
    invariant(id !== undefined, 'the schema of the request let only hexadecimal pass')
    const found = await this.#service.epoch(id)
    return {
      appraisals: found.map(({ peer, appraisal, evidence, codes }) => ({
        peer,
        name: deviceName(peer),
        tier: appraisal.tier,
        score: appraisal.scoreMicros / 1_000_000,
        evidence: [...evidence],
        findings: [...codes],
      })),
    }
  }

  async attestationResults(): Promise<AttestationResultList> {
    return { results: this.#service.results().map((held) => this.#resultView(held)) }
  }

  async revokeAttestation({ peer }: AttestRequest): Promise<void> {
    await this.#service.revoke(peerOf(peer))
  }

  async collateral(): Promise<CollateralList> {
    return { collateral: this.#service.collateral.shelf.list().map(collateralView) }
  }

  async importCollateral(request: ImportCollateralRequest): Promise<CollateralList> {
    const { content, issuerChain, fingerprint } = request
    const bytes = new Uint8Array(Buffer.from(content, 'base64'))
    const added = await this.#service.collateral.importFile(bytes, { issuerChain, fingerprint })
    return { collateral: added.map(collateralView) }
  }

  #resultView({ result, recheck }: HeldResult): AttestationResultView {
    const { attester, verifier, tier, scoreMicros, policyId, evidence, appraisedAtMs } = result
    const own = verifier === this.#service.self
    return {
      attester,
      attesterName: deviceName(attester),
      verifier,
      verifierName: deviceName(verifier),
      tier,
      score: scoreMicros / 1_000_000,
      policy: policyId,
      evidence,
      appraisedMs: appraisedAtMs,
      recheck: own ? 'own' : (recheck ?? 'waiting'),
    }
  }
}

/** The schema of the request let only PeerIds pass. */
function peerOf(text: string): PeerId {
  const peer = asPeerId(text)
  invariant(peer !== undefined, 'a request names a PeerId')
  return peer
}

function collateralView(item: ShelvedItem): CollateralView {
  const { id, slot, issuedMs, nextUpdateMs, encoded } = item
  return {
    id,
    type: item.item.type,
    about: slot,
    issuedMs,
    // What has no end of its own is shown without one that no calendar holds.
    nextUpdateMs: Math.min(nextUpdateMs, MS_MAX),
    bytes: encoded.length,
  }
}

/** The last instant of the year 9999. */
const MS_MAX = 253_402_300_799_999

function viewOf(known: Known): AttestationView {
  const { peer, appraisal, kinds, codes, scoreNowMicros } = known
  return {
    peer,
    name: deviceName(peer),
    tier: appraisal.tier,
    status: appraisal.status,
    score: scoreNowMicros / 1_000_000,
    policy: appraisal.policyId,
    kinds: [...kinds],
    findings: codes.map((code) => {
      const { meaning = '', hint = '' } = errorRow(code) ?? {}
      return { code, meaning, hint }
    }),
    appraisedMs: Math.round(appraisal.appraisedAtMs),
    freshUntilMs: Math.round(appraisal.freshUntilMs),
  }
}
