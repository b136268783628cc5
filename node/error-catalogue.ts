/**
 * Every error code of the daemon, with what its faces say about it.
 *
 * Written by `npm run docs` from the errors.ts of each folder; a test holds them together.
 *
 * @module
 */

import type { ErrorRow } from '../core/errors.ts'
import { ANDROID_ERRORS } from '../attestation/android/errors.ts'
import { APPLE_ERRORS } from '../attestation/apple/errors.ts'
import { COLLATERAL_ERRORS } from '../attestation/collateral/errors.ts'
import { CONVEYED_ERRORS } from '../attestation/conveyed/errors.ts'
import { COSE_ERRORS } from '../attestation/cose/errors.ts'
import { DCAP_ERRORS } from '../attestation/dcap/errors.ts'
import { ENCODING_ERRORS } from '../attestation/encoding/errors.ts'
import { ATTESTATION_ERRORS } from '../attestation/errors.ts'
import { EVENT_LOG_ERRORS } from '../attestation/event-log/errors.ts'
import { NITRO_ERRORS } from '../attestation/nitro/errors.ts'
import { POLICY_ERRORS } from '../attestation/policy/errors.ts'
import { SELF_ERRORS } from '../attestation/self/errors.ts'
import { SNP_ERRORS } from '../attestation/sev-snp/errors.ts'
import { TPM_ERRORS } from '../attestation/tpm/errors.ts'
import { X509_ERRORS } from '../attestation/x509/errors.ts'
import { CONFIG_ERRORS } from '../config/errors.ts'
import { LEDGER_ERRORS } from '../ledger/errors.ts'
import { MODEL_ERRORS } from '../models/errors.ts'
import { GGUF_ERRORS } from '../models/gguf/errors.ts'
import { GRAMMAR_ERRORS } from '../models/grammar/errors.ts'
import { SAFETENSORS_ERRORS } from '../models/safetensors/errors.ts'
import { SAMPLING_ERRORS } from '../models/sampling/errors.ts'
import { API_ERRORS } from './api/errors.ts'
import { ATTESTER_ERRORS } from './attesters/errors.ts'
import { CLI_ERRORS } from './cli/errors.ts'
import { DEVICE_ERRORS } from './device/errors.ts'
import { TRUST_STATE_ERRORS } from './epoch/errors.ts'
import { HARVEST_ERRORS } from './harvest/errors.ts'
import { HUB_ERRORS } from './hub/errors.ts'
import { LEDGER_STORE_ERRORS } from './ledger/errors.ts'
import { MESH_ERRORS } from './mesh/errors.ts'
import { CATALOGUE_ERRORS } from './models/errors.ts'
import { NETWORK_ERRORS } from './network/errors.ts'
import { RUNTIME_ERRORS } from './runtime/errors.ts'
import { JOB_ERRORS } from './scheduler/jobs/errors.ts'
import { PLACEMENT_ERRORS } from './scheduler/placement/errors.ts'
import { GENERATE_ERRORS } from './scheduler/texts/errors.ts'
import { STORAGE_ERRORS } from './storage/errors.ts'
import { TEXT_ERRORS } from './text/errors.ts'
import { ATTEST_ERRORS } from '../protocols/attest/errors.ts'
import { AUDIT_ERRORS } from '../protocols/audit/errors.ts'
import { BLOCKS_ERRORS } from '../protocols/blocks/errors.ts'
import { CONVEYANCE_ERRORS } from '../protocols/conveyance/errors.ts'
import { EPOCH_ERRORS } from '../protocols/epoch/errors.ts'
import { INFERENCE_ERRORS } from '../protocols/inference/errors.ts'
import { JOIN_ERRORS } from '../protocols/join/errors.ts'
import { LEDGER_QUESTION_ERRORS } from '../protocols/ledger/errors.ts'
import { PRESENCE_ERRORS } from '../protocols/presence/errors.ts'
import { RECEIPT_ERRORS } from '../protocols/receipt/errors.ts'
import { RECONCILE_ERRORS } from '../protocols/reconcile/errors.ts'
import { WITNESS_ERRORS } from '../protocols/witness/errors.ts'
import { TRUST_ERRORS } from '../trust/errors.ts'

/** All rows by their code. */
export const ERROR_CATALOGUE: Readonly<Record<string, ErrorRow>> = {
  ...ANDROID_ERRORS,
  ...APPLE_ERRORS,
  ...COLLATERAL_ERRORS,
  ...CONVEYED_ERRORS,
  ...COSE_ERRORS,
  ...DCAP_ERRORS,
  ...ENCODING_ERRORS,
  ...ATTESTATION_ERRORS,
  ...EVENT_LOG_ERRORS,
  ...NITRO_ERRORS,
  ...POLICY_ERRORS,
  ...SELF_ERRORS,
  ...SNP_ERRORS,
  ...TPM_ERRORS,
  ...X509_ERRORS,
  ...CONFIG_ERRORS,
  ...LEDGER_ERRORS,
  ...MODEL_ERRORS,
  ...GGUF_ERRORS,
  ...GRAMMAR_ERRORS,
  ...SAFETENSORS_ERRORS,
  ...SAMPLING_ERRORS,
  ...API_ERRORS,
  ...ATTESTER_ERRORS,
  ...CLI_ERRORS,
  ...DEVICE_ERRORS,
  ...TRUST_STATE_ERRORS,
  ...HARVEST_ERRORS,
  ...HUB_ERRORS,
  ...LEDGER_STORE_ERRORS,
  ...MESH_ERRORS,
  ...CATALOGUE_ERRORS,
  ...NETWORK_ERRORS,
  ...RUNTIME_ERRORS,
  ...JOB_ERRORS,
  ...PLACEMENT_ERRORS,
  ...GENERATE_ERRORS,
  ...STORAGE_ERRORS,
  ...TEXT_ERRORS,
  ...ATTEST_ERRORS,
  ...AUDIT_ERRORS,
  ...BLOCKS_ERRORS,
  ...CONVEYANCE_ERRORS,
  ...EPOCH_ERRORS,
  ...INFERENCE_ERRORS,
  ...JOIN_ERRORS,
  ...LEDGER_QUESTION_ERRORS,
  ...PRESENCE_ERRORS,
  ...RECEIPT_ERRORS,
  ...RECONCILE_ERRORS,
  ...WITNESS_ERRORS,
  ...TRUST_ERRORS,
}

/** What to say about `code`, or undefined when it is no code of this project. */
export function errorRow(code: string): ErrorRow | undefined {
  return Object.hasOwn(ERROR_CATALOGUE, code) ? ERROR_CATALOGUE[code] : undefined
}
