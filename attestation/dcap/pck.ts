/**
 * What the certificate of an Intel platform says about it (Intel SGX PCK certificate profile, section 1.3.5).
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import {
  derContent,
  DerReader,
  INTEGER,
  OBJECT_IDENTIFIER,
  OCTET_STRING,
  oidOf,
  SEQUENCE,
  unsignedOf,
} from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'
import type { Certificate } from '../x509/certificate.ts'

export interface PckPlatform {
  /** Names this very machine, in hex. */
  readonly ppid: string
  /** Family, model, stepping, platform type and customer SKU, in hex. */
  readonly fmspc: string
  readonly pceId: string
  /** Security versions of the 16 components. */
  readonly components: readonly number[]
  readonly pceSvn: number
}

const SGX = '1.2.840.113741.1.13.1'
const COMPONENT_COUNT = 16
const FIELD_COUNT_MAX = 32

/** @throws {AttestationError} `DCAP_PLATFORM`, `DER_MALFORMED`. */
export function readPck(certificate: Certificate): PckPlatform {
  const extension = certificate.extensions.get(SGX)
  if (extension === undefined) refuse('DCAP_PLATFORM', 'certificate of no SGX platform')
  const fields = fieldsOf(derContent(extension.value, SEQUENCE))
  const tcb = fieldsOf(fieldAt(fields, `${SGX}.2`).enter(SEQUENCE))
  const number = (arc: number): number => unsignedOf(fieldAt(tcb, `${SGX}.2.${arc}`).read(INTEGER))
  const octets = (arc: number, length: number): string => {
    const { content } = fieldAt(fields, `${SGX}.${arc}`).read(OCTET_STRING)
    demand(content.length === length, 'DCAP_PLATFORM', `field ${arc} of ${content.length} bytes`)
    return toHex(content)
  }
  return {
    ppid: octets(1, 16),
    pceId: octets(3, 2),
    fmspc: octets(4, 6),
    components: Array.from({ length: COMPONENT_COUNT }, (_, index) => number(index + 1)),
    pceSvn: number(COMPONENT_COUNT + 1),
  }
}

/** Pairs of an object identifier and a value, which is left encoded. */
function fieldsOf(reader: DerReader): ReadonlyMap<string, Uint8Array> {
  const fields = new Map<string, Uint8Array>()
  for (const { content } of reader.all(FIELD_COUNT_MAX)) {
    const pair = new DerReader(content)
    const oid = oidOf(pair.read(OBJECT_IDENTIFIER))
    demand(!fields.has(oid), 'DCAP_PLATFORM', 'a field stands twice')
    fields.set(oid, pair.next().encoded)
    pair.end()
  }
  return fields
}

function fieldAt(fields: ReadonlyMap<string, Uint8Array>, oid: string): DerReader {
  return new DerReader(fields.get(oid) ?? refuse('DCAP_PLATFORM', `no field ${oid}`))
}
