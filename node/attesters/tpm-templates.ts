/**
 * Templates of the two keys that attest: the same TPM makes the same keys of them, for life.
 *
 * @module
 */

import { concatBytes, fromHex } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'

/** RSA-2048 storage key, as makers certify it (TCG EK Credential Profile, template L-1). */
export const EK_TEMPLATE = concatBytes([
  // RSA, names by SHA-256, attributes, and the policy that asks for the endorsement hierarchy.
  hex('0001000b000300b20020837197674484b3f81a90cc8d46a5d724fd52d76e06520b64f2a1da1b331469aa'),
  // AES-128 CFB, no scheme, 2048 bits, default exponent.
  hex('00060080004300100800000000000100'),
  new Uint8Array(256),
])

/** Restricted ECDSA key of P-256 with SHA-256, fixed to its TPM. */
export const AK_TEMPLATE = concatBytes([
  hex('0023000b00050072000000100018000b00030010'),
  // The unique field is SHA-256 of "brume-ak-v1", so that no other program has this key.
  hex('00203eaed467abd5ef276d5085bbf7c6f9825427168b140cc099749bff85667aa6d7'),
  hex('0020'),
  new Uint8Array(32),
])

/** ECDSA key of P-256 with SHA-256 that only its policy lets sign: fixed to its TPM and to registers. */
export function bindingKeyTemplate(policy: Uint8Array): Uint8Array {
  return concatBytes([
    hex('0023000b000404320020'),
    policy,
    hex('00100018000b000300100020'),
    new Uint8Array(32),
    hex('0020'),
    new Uint8Array(32),
  ])
}

function hex(text: string): Uint8Array {
  const bytes = fromHex(text)
  invariant(bytes !== undefined, 'templates are written in hexadecimal')
  return bytes
}
