import { describe, expect, it } from 'vitest'
import {
  acceptedFlips,
  flipped,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import { errorCode } from '../../core/errors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { readCertificate } from '../x509/certificate.ts'
import { checkPath } from '../x509/path.ts'
import { type SnpClaims, type SnpContext, verifySnp } from './sev-snp.ts'
import { readSigningKey } from './signing-key.ts'
import { productOf, tcbAtLeast, tcbOf } from './tcb.ts'

const nowMs = Date.parse('2025-06-01')
const context: SnpContext = { nowMs, anchors: shippedAnchors(), binding: { type: 'unchecked' } }

describe.skipIf(!vectorsAtHand)(`a report of SEV-SNP${vectorsNote}`, () => {
  const read = (path: string) => (vectorsAtHand ? vector(`sev-snp/${path}`) : new Uint8Array())
  const [report, vcek] = [read('milan-report-v2.bin'), read('milan-vcek.der')]

  function verdict(
    changed: Uint8Array,
    certificate: Uint8Array = vcek,
    asked: Partial<SnpContext> = {},
  ): SnpClaims | string {
    try {
      const evidence = { kind: 'sev-snp', report: changed, certificates: [certificate] } as const
      return verifySnp(evidence, { ...context, ...asked })
    } catch (error) {
      return errorCode(error) ?? String(error)
    }
  }

  it('gives its claims once everything holds; that it may be debugged is one of them', () => {
    expect(verdict(report)).toMatchObject({
      bound: false,
      anchor: 'amd-ark-milan',
      product: 'milan',
      signer: 'vcek',
      debug: true,
      migration: false,
      vmpl: 0,
      tcb: { bootLoader: 2, tee: 0, snp: 5, microcode: 0x44 },
      revocationChecked: false,
    })
  })

  it('is bound to its report data', () => {
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => (index < 5 ? index + 1 : 0))
    expect(verdict(report, vcek, { binding: { type: 'bytes', bytes } })).toMatchObject({
      bound: true,
    })
    const other = { type: 'bytes', bytes: new Uint8Array(64) } as const
    expect(verdict(report, vcek, { binding: other })).toBe('ATTESTATION_BINDING')
  })

  it.each([
    ['SNP_SIGNATURE', 'other report data', flipped(report, 0x50)],
    ['SNP_SIGNATURE', 'another measurement', flipped(report, 0x90)],
    ['SNP_TCB', 'another firmware level', flipped(report, 0x180)],
    ['SNP_SIGNATURE', 'another r', flipped(report, 0x2a0)],
    ['SNP_MALFORMED', 'something in the padding that nothing signs', flipped(report, 0x370)],
    ['SNP_MALFORMED', 'an unknown version', flipped(report, 0, 8)],
    ['SNP_CHIP_ID', 'another chip', flipped(report, 0x1a0)],
    ['SNP_SIGNING_KEY', 'a key lent to a cloud', flipped(report, 0x48, 4)],
    ['SNP_MALFORMED', 'a byte less', report.subarray(1)],
  ])('is refused with %s for %s', (code, _, changed) => {
    expect(verdict(changed)).toBe(code)
  })

  it('is refused with the certificate of another chip, generation or root', () => {
    expect(verdict(report, read('virtee-vcek_milan.der'))).toMatch(/^SNP_(?:CHIP_ID|TCB)$/)
    expect(verdict(report, read('virtee-vcek_turin.der'))).toMatch(/^SNP_/)
    const anchors = shippedAnchors()
    const amd = anchors.roots.amd.filter(({ name }) => name !== 'amd-ark-milan')
    expect(
      verdict(report, vcek, { anchors: { ...anchors, roots: { ...anchors.roots, amd } } }),
    ).toMatch(/^X509_/)
  })

  it('is refused when revocation lists are asked for and none is there', () => {
    expect(verdict(report, vcek, { crls: [] })).toBe('CRL_MISSING')
  })

  it('is refused whatever bit is flipped', () => {
    expect(acceptedFlips(report, (bytes) => typeof verdict(bytes) !== 'string', 7)).toEqual([])
  })

  it('may come from Turin, whose certificates have other fields', () => {
    const certificate = readCertificate(read('virtee-vcek_turin.der'))
    const { anchors } = context
    const [, , , , issuer] = anchors.intermediates
    expect(readSigningKey(certificate)).toMatchObject({ kind: 'vcek', product: 'Turin' })
    const path = [certificate, ...(issuer === undefined ? [] : [issuer])]
    expect(checkPath(path, { nowMs, anchors: anchors.roots.amd }).name).toBe('amd-ark-turin')
  })
})

describe('firmware levels', () => {
  const octets = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8)

  it('stand at other places from Turin on', () => {
    expect(tcbOf(octets, 'milan')).toEqual({
      fmc: undefined,
      bootLoader: 1,
      tee: 2,
      snp: 7,
      microcode: 8,
    })
    expect(tcbOf(octets, 'turin')).toEqual({ fmc: 1, bootLoader: 2, tee: 3, snp: 4, microcode: 8 })
  })

  it('are compared number by number', () => {
    const tcb = tcbOf(octets, 'milan')
    expect(tcbAtLeast(tcb, { snp: 7 })).toBe(true)
    expect(tcbAtLeast(tcb, { snp: 8, microcode: 1 })).toBe(false)
    expect(tcbAtLeast(tcb, {})).toBe(true)
  })

  it('belong to a generation, told by the processor', () => {
    expect(productOf({ family: 0x19, model: 1 })).toBe('milan')
    expect(productOf({ family: 0x19, model: 0xa0 })).toBe('genoa')
    expect(productOf({ family: 0x1a, model: 2 })).toBe('turin')
    expect(productOf({ family: 0x17, model: 1 })).toBe(undefined)
  })
})
