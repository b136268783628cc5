import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { vector, vectorsAtHand, vectorsNote } from '../../test/fixtures/attestation-vectors.ts'
import { decodeEvidence, encodeEvidence, encodeTextMap } from '../../attestation/index.ts'
import { attestationRequest, nitroDocument, type NsmDevice, nsmDevice } from './nsm.ts'

const binding = new Uint8Array(64).fill(0xab)
const answering = (response: Uint8Array | undefined): NsmDevice => ({
  request: async () => response,
})

describe('the security module of an enclave', () => {
  it('is asked in the form of its driver', () => {
    expect(toHex(attestationRequest(Uint8Array.of(1, 2)))).toBe(
      'a16b4174746573746174696f6ea369757365725f64617461f6656e6f6e63654201026a7075626c69635f6b6579f6',
    )
  })

  it.skipIf(!vectorsAtHand)(
    `gives a document that is read as one of its kind${vectorsNote}`,
    async () => {
      const recorded = vector('nitro/blocky-nitro_attestation.bin')
      const response = encodeTextMap({ Attestation: { document: recorded } })
      const document = await nitroDocument(answering(response), binding)
      expect(document).toEqual(recorded)
      const evidence = { kind: 'nitro', document: recorded } as const
      expect(decodeEvidence(encodeEvidence(evidence))).toEqual(evidence)
    },
  )

  it.each([
    ['an error', encodeTextMap({ Error: 'InvalidArgument' })],
    ['another answer', encodeTextMap({ Attestation: {} })],
    ['nothing that is read', Uint8Array.of(0xff)],
    ['nothing at all', new Uint8Array()],
  ])('is no use when it gives %s', async (_, response) => {
    await expect(nitroDocument(answering(response), binding)).rejects.toMatchObject({
      code: 'ATTESTER_NSM_FAILED',
    })
  })

  it('is not there on machines that are no enclave', async () => {
    expect(await nitroDocument(nsmDevice('/dev/no-such-module'), binding)).toBe(undefined)
  })
})
