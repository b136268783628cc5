import { describe, expect, it } from 'vitest'
import {
  acceptedFlips,
  flipped,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import {
  COLLATERAL_NOW_MS,
  type CollateralFile,
  collateralFile,
  collateralOf,
} from '../../test/fixtures/dcap-vectors.ts'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { certificatesOfPem } from '../encoding/pem.ts'
import { checkReplay, readEventLog } from '../event-log/event-log.ts'
import { readCertificate } from '../x509/certificate.ts'
import { readCrl } from '../x509/crl.ts'
import { checkSignedJson, signedJsonOf } from './collateral.ts'
import { type DcapClaims, type DcapContext, verifyDcap } from './dcap.ts'
import { readDcapQuote } from './quote.ts'
import { checkQuoteSignatures } from './signatures.ts'

const context: DcapContext = {
  nowMs: COLLATERAL_NOW_MS,
  anchors: shippedAnchors(),
  binding: { type: 'unchecked' },
  collateral: undefined,
}

function codeOf<T>(act: () => T): T | string {
  try {
    return act()
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

function verdict(
  kind: 'sgx' | 'tdx',
  quote: Uint8Array,
  asked: Partial<DcapContext> = {},
): DcapClaims | string {
  return codeOf(() => verifyDcap({ kind, quote }, { ...context, ...asked }))
}

describe.skipIf(!vectorsAtHand)(`a quote of SGX${vectorsNote}`, () => {
  const quote = vectorsAtHand ? vector('sgx/phala-sgx_quote') : new Uint8Array()
  const collateral = vectorsAtHand
    ? collateralOf(collateralFile('sgx/phala-sgx_quote_collateral.json'))
    : undefined
  const reportData = new Uint8Array(64)
  reportData.set(utf8('Hello, world!'))

  it('gives its claims once everything holds', () => {
    const binding = { type: 'bytes', bytes: reportData } as const
    expect(verdict('sgx', quote, { collateral, binding })).toMatchObject({
      kind: 'sgx',
      bound: true,
      anchor: 'intel-sgx-root',
      fmspc: '00a067110000',
      tcbStatus: 'ConfigurationAndSWHardeningNeeded',
      advisories: ['INTEL-SA-00289', 'INTEL-SA-00615'],
      stale: false,
    })
  })

  it('is refused as one of TDX, with collateral of TDX, and with another binding', () => {
    expect(verdict('tdx', quote, { collateral })).toBe('DCAP_MALFORMED')
    const ofTdx = collateralOf(collateralFile('tdx/phala-tdx_quote_collateral.json'))
    // Another authority issues the certificates of that platform, so there is no list for this one.
    expect(verdict('sgx', quote, { collateral: ofTdx })).toBe('CRL_MISSING')
    const binding = { type: 'bytes', bytes: new Uint8Array(64) } as const
    expect(verdict('sgx', quote, { collateral, binding })).toBe('ATTESTATION_BINDING')
  })

  it('is refused whatever bit is flipped but for white space around its certificates', () => {
    const accepts = (bytes: Uint8Array) => typeof verdict('sgx', bytes, { collateral }) !== 'string'
    const accepted = acceptedFlips(quote, accepts, 17)
    expect(accepted.filter((at) => (quote[at] ?? 0) > 0x20)).toEqual([])
  })
})

describe.skipIf(!vectorsAtHand)(`a quote of TDX${vectorsNote}`, () => {
  const quote = vectorsAtHand ? vector('tdx/phala-tdx_quote') : new Uint8Array()
  const file = vectorsAtHand
    ? collateralFile('tdx/phala-tdx_quote_collateral.json')
    : ({} as CollateralFile)
  const collateral = vectorsAtHand ? collateralOf(file) : undefined

  it('gives its claims once everything holds', () => {
    expect(verdict('tdx', quote, { collateral })).toMatchObject({
      kind: 'tdx',
      fmspc: 'b0c06f000000',
      tcbStatus: 'UpToDate',
      advisories: [],
      debug: false,
    })
  })

  it.each([
    ['DCAP_MALFORMED', 'another type of key', 3],
    ['DCAP_SIGNATURE', 'another MRTD', 184],
    ['DCAP_SIGNATURE', 'other report data', 568],
    ['DCAP_SIGNATURE', 'another r', 641],
    ['DCAP_QE_BINDING', 'another attestation key', 706],
    ['DCAP_QE_SIGNATURE', 'another report of the enclave', 780],
    ['DCAP_QE_SIGNATURE', 'another signature of it', 1157],
    ['DCAP_QE_BINDING', 'other authentication data', 1223],
  ])('is refused with %s for %s', (code, _, offset) => {
    expect(verdict('tdx', flipped(quote, offset), { collateral })).toBe(code)
  })

  const lastOctets = (hex: string): string => `${hex.slice(0, -6)}ff${hex.slice(-4)}`
  it.each<[string, string, () => CollateralFile]>([
    ['DER_MALFORMED', 'a list that is none', () => ({ ...file, pck_crl: '00' })],
    ['DER_MALFORMED', 'no lists', () => ({ ...file, pck_crl: '', root_ca_crl: '' })],
    ['CRL_SIGNATURE', 'a changed list', () => ({ ...file, pck_crl: lastOctets(file.pck_crl) })],
    [
      'CRL_MISSING',
      'the list of another authority',
      () => ({ ...file, pck_crl: file.root_ca_crl }),
    ],
    [
      'DCAP_COLLATERAL_SIGNATURE',
      'a changed level',
      () => ({ ...file, tcb_info: file.tcb_info.replace('OutOfDate', 'UpToDate') }),
    ],
    [
      'DCAP_COLLATERAL_SIGNATURE',
      'a space more',
      () => ({ ...file, tcb_info: ` ${file.tcb_info}` }),
    ],
    [
      'DCAP_COLLATERAL_SIGNATURE',
      'a signature cut short',
      () => ({ ...file, tcb_info_signature: file.tcb_info_signature.slice(2) }),
    ],
    [
      'DCAP_PLATFORM',
      'identity and levels swapped',
      () => ({
        ...file,
        qe_identity: file.tcb_info,
        qe_identity_signature: file.tcb_info_signature,
      }),
    ],
    ['PEM_MALFORMED', 'no chain', () => ({ ...file, tcb_info_issuer_chain: '' })],
  ])('is refused with %s for collateral with %s', (code, _, change) => {
    expect(codeOf(() => verdict('tdx', quote, { collateral: collateralOf(change()) }))).toBe(code)
  })

  it('is refused without collateral, and with collateral past its time unless there is grace', () => {
    expect(verdict('tdx', quote)).toBe('DCAP_COLLATERAL_MISSING')
    const late = Date.parse('2026-11-20')
    expect(verdict('tdx', quote, { collateral, nowMs: late })).toBe('CRL_STALE')
    const soon = { collateral, nowMs: Date.parse('2025-07-21') }
    expect(verdict('tdx', quote, soon)).toBe('CRL_STALE')
    expect(verdict('tdx', quote, { ...soon, graceMs: 7 * 86_400_000 })).toMatchObject({
      stale: true,
    })
  })

  it('reads version 5, and refuses its platform where no level fits', () => {
    const v5 = vector('tdx/go-tdx-quote_v5_sample.dat')
    const parsed = readDcapQuote(v5)
    expect(parsed).toMatchObject({ version: 5, body: { type: 'tdx' } })
    const [pck] = certificatesOfPem(Buffer.from(parsed.pckChain).toString(), 4)
    expect(() =>
      checkQuoteSignatures(parsed, readCertificate(pck ?? new Uint8Array()).publicKey),
    ).not.toThrow()
  })

  it('has a log that leads to its runtime measurements', () => {
    const body = readDcapQuote(vector('tdx/go-tdx-cos113-quote.dat')).body
    if (body.type !== 'tdx') throw new Error('it is one of TDX')
    const events = readEventLog(vector('tdx/go-tdx-cos113-ccel_data.bin'))
    const rtmrs = new Map(body.rtmrs.map((value, index) => [index + 1, value]))
    expect(checkReplay(events, 'sha384', rtmrs).length).toBeGreaterThan(20)
    const wrong = new Map([...rtmrs, [2, new Uint8Array(48)] as const])
    expect(codeOf(() => checkReplay(events, 'sha384', wrong))).toBe('EVENT_LOG_REPLAY')
  })

  it.each([
    ['tcbInfo', 'go-tdx-sample_tcbInfo_response'],
    ['tcbInfo', 'go-tdx-sample_tcbinfo_response_v5'],
    ['enclaveIdentity', 'go-tdx-sample_qeIdentity_response'],
  ] as const)('has collateral that is signed over the exact text: %s of %s', (member, name) => {
    const body = Buffer.from(vector(`tdx/${name}`)).toString()
    const signed = signedJsonOf(body, member, file.tcb_info_issuer_chain)
    const issued = Date.parse(/"issueDate":"([^"]+)"/.exec(signed.text)?.[1] ?? '')
    const rules = {
      nowMs: Math.max(issued, COLLATERAL_NOW_MS) + 1,
      anchors: shippedAnchors(),
      rootCrl: readCrl(Buffer.from(file.root_ca_crl, 'hex')),
      graceMs: 5 * 365 * 86_400_000,
    }
    expect(checkSignedJson(signed, rules).nextUpdateMs).toBeGreaterThan(issued)
    const changed = { ...signed, text: signed.text.replace('"version":', '"version" :') }
    expect(codeOf(() => checkSignedJson(changed, rules))).toBe('DCAP_COLLATERAL_SIGNATURE')
  })
})
