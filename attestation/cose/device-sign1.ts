/**
 * COSE_Sign1 by the key of a device: Ed25519, tagged, nothing unprotected, one encoding.
 *
 * What others may wrap in many ways is read by sign1.ts. Here a message that is not
 * exactly the one that its signer would write is refused, so that its hash names it.
 *
 * @module
 */

import { bytesEqual, concatBytes } from '../../core/bytes.ts'
import { encodeCbor } from '../../core/canonical-cbor.ts'
import { encodeIntegerMap } from '../encoding/cbor-map.ts'
import { demand } from '../errors.ts'
import { readSign1, signStructure } from './sign1.ts'

/** Tag 18 and an array of four. */
const HEAD = Uint8Array.of(0xd2, 0x84)
const ALG_HEADER = 1
const EDDSA = -8
/** The protected header `{1: -8}`: a map of one, its key, and a negative integer. */
const PROTECTED = Uint8Array.of(0xa1, ALG_HEADER, 0x20 | (-1 - EDDSA))

/** Signs `payload`; `purpose` is signed along, so that a signature for one use stands for no other. */
export function signDevicePayload(
  payload: Uint8Array,
  purpose: Uint8Array,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const signature = sign(signStructure({ protectedBytes: PROTECTED, payload }, purpose))
  return encoded(payload, signature)
}

/**
 * The payload of a message, not yet known to be of anybody.
 *
 * @returns it, and what checks that it is of the device which it names.
 * @throws {AttestationError} `COSE_MALFORMED`, `COSE_ALGORITHM`, `CBOR_MALFORMED`.
 */
export function openDevicePayload(message: Uint8Array): {
  readonly payload: Uint8Array
  /** @throws {AttestationError} `COSE_SIGNATURE`. */
  readonly check: (
    purpose: Uint8Array,
    verify: (signed: Uint8Array, signature: Uint8Array) => boolean,
  ) => void
} {
  const { protectedBytes, payload, signature } = readSign1(message)
  demand(bytesEqual(protectedBytes, PROTECTED), 'COSE_ALGORITHM', 'not by the key of a device')
  demand(bytesEqual(message, encoded(payload, signature)), 'COSE_MALFORMED', 'another encoding')
  return {
    payload,
    check: (purpose, verify) => {
      const holds = verify(signStructure({ protectedBytes, payload }, purpose), signature)
      demand(holds, 'COSE_SIGNATURE', 'signature does not hold')
    },
  }
}

function encoded(payload: Uint8Array, signature: Uint8Array): Uint8Array {
  return concatBytes([
    HEAD,
    encodeCbor(PROTECTED),
    encodeIntegerMap([]),
    encodeCbor(payload),
    encodeCbor(signature),
  ])
}
