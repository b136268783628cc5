/**
 * The attestation side of the API.
 *
 * @module
 */

import { asPeerId, type PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { AttestationBackend } from '../api/backend.ts'
import type { AttestationList, AttestationView, AttestRequest } from '../api/schemas/attestation.ts'
import type { Known } from '../attestation/appraisal-table.ts'
import type { AttestationService } from '../attestation/attestation-service.ts'
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
}

/** The schema of the request let only PeerIds pass. */
function peerOf(text: string): PeerId {
  const peer = asPeerId(text)
  invariant(peer !== undefined, 'a request names a PeerId')
  return peer
}

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
