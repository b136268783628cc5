/**
 * What others would believe of this machine: the whole of an attestation, with this process on both sides.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import {
  type Activation,
  type AnchorSet,
  appraise,
  type Appraisal,
  bindingBytes,
  type Claims,
  CREDENTIAL_RANDOM_BYTES,
  makeCredential,
  type Policy,
  readPublic,
  verifyEvidence,
} from '../../attestation/index.ts'
import { bytesEqual } from '../../core/bytes.ts'
import { peerIdOf, PUBLIC_KEY_BYTES } from '../../core/peer-key.ts'
import type { Random } from '../../core/random.ts'
import type { TpmAttester } from './tpm-attester.ts'

export interface SelfCheckInit {
  readonly nowMs: number
  readonly anchors: AnchorSet
  readonly policy: Policy
  readonly random: Random
}

const SECRET_BYTES = 32
const NONCE_BYTES = 32

/**
 * Lets the TPM activate a credential and quote, then verifies and appraises that.
 *
 * @throws {AttesterError} when the TPM gives no evidence.
 * @throws {AttestationError} when what it gives does not hold.
 */
export async function checkTpm(
  attester: TpmAttester,
  init: SelfCheckInit,
): Promise<{ readonly claims: Claims; readonly appraisal: Appraisal }> {
  const { nowMs, anchors, policy, random } = init
  const { ekPublic, akPublic } = await attester.identity()
  const [ek, ak] = [readPublic(ekPublic), readPublic(akPublic)]
  const secret = random.bytes(SECRET_BYTES)
  const credential = makeCredential({
    ek,
    akName: ak.name,
    secret,
    random: random.bytes(CREDENTIAL_RANDOM_BYTES),
  })
  const returned = await attester.activate(credential)
  const activation: Activation = bytesEqual(returned, secret)
    ? { type: 'proven', ekId: ek.keyId, akName: ak.name }
    : { type: 'unchecked' }
  const binding = bindingBytes({
    kind: 'tpm',
    // Nobody in particular: both sides are here, and neither needs a name.
    attester: peerIdOf(random.bytes(PUBLIC_KEY_BYTES)),
    verifier: null,
    nonce: random.bytes(NONCE_BYTES),
    secretHash: createHash('sha256').update(returned).digest(),
  })
  const evidence = await attester.evidence(binding, policy.tpm.pcrs)
  const claims = verifyEvidence(evidence, {
    nowMs,
    anchors,
    policy,
    binding: { type: 'bytes', bytes: binding },
    collateral: {},
    bank: 'sha256',
    activation,
  })
  return { claims, appraisal: appraise([claims], policy, nowMs) }
}
