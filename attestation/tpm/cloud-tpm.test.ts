import { describe, expect, it } from 'vitest'
import { vector, vectorsAtHand, vectorsNote } from '../../test/fixtures/attestation-vectors.ts'
import { concatBytes } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { type TpmContext, type TpmEvidence, verifyTpm } from './tpm.ts'

/** The fields of a protobuf message: enough for one recorded message, and for nothing else. */
function fields(
  message: Uint8Array,
): readonly (readonly [number: number, value: Uint8Array | number])[] {
  const found: [number, Uint8Array | number][] = []
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const octet = message[at++] ?? 0
      value += (octet & 0x7f) * 2 ** shift
      if (octet < 0x80) return value
    }
  }
  while (at < message.length) {
    const key = varint()
    const size = varint()
    if ((key & 7) === 0) found.push([key >> 3, size])
    else found.push([key >> 3, message.subarray(at, (at += size))])
  }
  return found
}

const bytesAt = (message: Uint8Array, field: number): readonly Uint8Array[] =>
  fields(message).flatMap(([number, value]) =>
    number === field && value instanceof Uint8Array ? [value] : [],
  )

describe.skipIf(!vectorsAtHand)(`a virtual TPM of Google Cloud${vectorsNote}`, () => {
  const message = vectorsAtHand
    ? vector('tpm-public/gtt-gce-cos-85-nonce9009.pb')
    : new Uint8Array()
  const [area = new Uint8Array()] = bytesAt(message, 1)
  const [log = new Uint8Array()] = bytesAt(message, 3)
  const certificates = bytesAt(message, 6)

  function evidenceOf(quote: Uint8Array): TpmEvidence {
    const [attest = new Uint8Array()] = bytesAt(quote, 1)
    const [signature = new Uint8Array()] = bytesAt(quote, 2)
    const pcrs = bytesAt(quote, 3).flatMap((values) => bytesAt(values, 2))
    return {
      kind: 'tpm',
      attest,
      signature,
      akPublic: concatBytes([Uint8Array.of(area.length >> 8, area.length & 255), area]),
      endorsement: { type: 'ak-certificate', certificates },
      // A map entry leaves its key out when that is 0.
      pcrs: new Map(
        pcrs.map((entry) => {
          const index = fields(entry).find(([number]) => number === 1)?.[1] ?? 0
          return [Number(index), bytesAt(entry, 2)[0] ?? new Uint8Array()]
        }),
      ),
      eventLog: log,
    }
  }

  const context = (bank: TpmContext['bank']): TpmContext => ({
    nowMs: Date.parse('2022-06-01'),
    anchors: shippedAnchors(),
    binding: { type: 'bytes', bytes: Uint8Array.of(0x90, 0x09) },
    bank,
    selection: Array.from({ length: 24 }, (_, index) => index),
    activation: { type: 'unchecked' },
  })
  const outcome = (index: number, bank: TpmContext['bank']): unknown => {
    try {
      const { home, anchor, bound, secureBoot } = verifyTpm(
        evidenceOf(bytesAt(message, 2)[index] ?? new Uint8Array()),
        context(bank),
      )
      return [home, anchor, bound, secureBoot?.enabled]
    } catch (error) {
      return errorCode(error) ?? error
    }
  }

  it('is believed by the certificate of its attestation key, with all 24 registers and its log', () => {
    expect(outcome(1, 'sha256')).toEqual(['certificate', 'gcp-vtpm-2018', true, true])
    expect(outcome(2, 'sha384')).toEqual(['certificate', 'gcp-vtpm-2018', true, true])
  })

  it('is refused with registers of the SHA-1 bank', () => {
    expect(outcome(0, 'sha256')).toBe('TPM_MALFORMED')
  })
})
