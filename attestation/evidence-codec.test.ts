import { describe, expect, it } from 'vitest'
import { errorCode } from '../core/errors.ts'
import type { TpmEvidence } from './tpm/tpm.ts'
import { decodeEvidence, encodeEvidence, type TravellingEvidence } from './evidence-codec.ts'

const one = Uint8Array.of(1)
const tpm: TpmEvidence = {
  kind: 'tpm',
  attest: one,
  signature: Uint8Array.of(2),
  akPublic: Uint8Array.of(3),
  endorsement: { type: 'endorsement-key', ekPublic: one, certificates: [one, one] },
  pcrs: new Map([[7, new Uint8Array(32)]]),
  eventLog: Uint8Array.of(4),
}
const all: readonly TravellingEvidence[] = [
  tpm,
  { ...tpm, eventLog: undefined, endorsement: { type: 'ak-certificate', certificates: [] } },
  { ...tpm, bindingKey: { keyPublic: one, certified: one, signature: one, proof: one } },
  { kind: 'self', statement: one },
  { kind: 'sev-snp', report: one, certificates: [one] },
  { kind: 'tdx', quote: one, eventLog: undefined },
  { kind: 'nitro', document: one },
]

describe('evidence that travels', () => {
  it.each(all)('comes back as it was: $kind', (evidence) => {
    expect(decodeEvidence(encodeEvidence(evidence))).toEqual(evidence)
  })

  it.each(all)('is refused at every truncation: $kind', (evidence) => {
    const encoded = encodeEvidence(evidence)
    const codes = encoded.keys().map((length) => {
      try {
        decodeEvidence(encoded.subarray(0, length))
        return 'accepted'
      } catch (error) {
        return errorCode(error)
      }
    })
    expect(new Set(codes)).toEqual(new Set(['CBOR_MALFORMED']))
  })
})
