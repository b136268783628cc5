/**
 * The certificate of the key that signs reports: of a chip (VCEK), or lent to a cloud (VLEK).
 *
 * Its extensions say for which chip and which firmware level it is good (AMD 57230, section 3.1).
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { DerReader, INTEGER, stringOf, unsignedOf } from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'
import type { Certificate } from '../x509/certificate.ts'
import type { SnpTcb } from './tcb.ts'

export interface SnpSigningKey {
  readonly kind: 'vcek' | 'vlek'
  /** Such as `Milan-B0`. */
  readonly product: string
  readonly tcb: SnpTcb
  /** Of a VCEK, in hex: 64 bytes, 8 from Turin on. */
  readonly hardwareId: string | undefined
  /** Of a VLEK: the cloud that it is lent to. */
  readonly cloud: string | undefined
}

const AMD = '1.3.6.1.4.1.3704.1'

/** @throws {AttestationError} `SNP_MALFORMED`. */
export function readSigningKey(certificate: Certificate): SnpSigningKey {
  const value = (arc: string): Uint8Array | undefined =>
    certificate.extensions.get(`${AMD}.${arc}`)?.value
  const number = (arc: string): number =>
    levelOf(value(arc) ?? refuse('SNP_MALFORMED', `certificate without extension ${arc}`))
  const product = value('2') ?? refuse('SNP_MALFORMED', 'certificate without a product')
  const fmc = value('3.9')
  const [hardwareId, cloud] = [value('4'), value('5')]
  const one = (hardwareId === undefined) !== (cloud === undefined)
  demand(one, 'SNP_MALFORMED', 'certificate is neither of a chip nor of a cloud')
  return {
    kind: cloud === undefined ? 'vcek' : 'vlek',
    product: stringOf(new DerReader(product).next()),
    tcb: {
      fmc: fmc && levelOf(fmc),
      bootLoader: number('3.1'),
      tee: number('3.2'),
      snp: number('3.3'),
      microcode: number('3.8'),
    },
    // The chip's id stands there as it is, without the tag that every other extension has.
    hardwareId: hardwareId && toHex(hardwareId),
    cloud: cloud && stringOf(new DerReader(cloud).next()),
  }
}

function levelOf(value: Uint8Array): number {
  const reader = new DerReader(value)
  const level = unsignedOf(reader.read(INTEGER))
  reader.end()
  return level
}
