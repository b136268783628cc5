import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { smallManifest } from '../../test/fixtures/layered-model.ts'
import { decodeManifest, encodeManifest, manifestBlobs, modelIdOf } from './manifest-codec.ts'
import type { Manifest } from './manifest.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
const { manifest } = smallManifest()
const encoded = encodeManifest(manifest)

const outcome = (bytes: Uint8Array): string => {
  const decoded = decodeManifest(bytes)
  return decoded.type === 'refused' ? decoded.code : 'value'
}
const changed = (change: Partial<Manifest>) => outcome(encodeManifest({ ...manifest, ...change }))

describe('a manifest', () => {
  it('comes back as it was written', () => {
    expect(decodeManifest(encoded)).toEqual({ type: 'value', value: manifest })
    expect(outcome(encodeManifest({ ...manifest, generator: undefined }))).toBe('value')
  })

  it('names its blobs once each', () => {
    const [first, ...others] = manifest.tensors
    const shared = others.map((tensor) => ({ ...tensor, blob: first?.blob ?? tensor.blob }))
    const tensors = [...manifest.tensors.slice(0, 1), ...shared]
    expect(manifestBlobs({ ...manifest, tensors })).toEqual([manifest.skeleton, first?.blob])
  })

  it('is refused when it is cut short anywhere', () => {
    const outcomes = new Set<string>()
    for (let end = 0; end < encoded.length; end++) outcomes.add(outcome(encoded.subarray(0, end)))
    expect([...outcomes]).toEqual(['MODELS_MANIFEST_INVALID'])
  })

  it('has another id, and is a value or a refusal, when any bit of it flips', () => {
    const id = modelIdOf(encoded, sha256)
    const outcomes = new Set<string>()
    for (let bit = 0; bit < 8 * encoded.length; bit++) {
      const flipped = Uint8Array.from(encoded)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      outcomes.add(outcome(flipped))
      if (bit % 97 === 0) expect(modelIdOf(flipped, sha256)).not.toBe(id)
    }
    expect([...outcomes].toSorted()).toEqual(['MODELS_MANIFEST_INVALID', 'value'])
  })

  it('is refused when its parts do not fit together', () => {
    const refused = 'MODELS_MANIFEST_INVALID'
    expect(changed({ layers: manifest.layers.slice(1) })).toBe(refused)
    expect(changed({ tensors: manifest.tensors.slice(1) })).toBe(refused)
    expect(changed({ inputs: manifest.inputs.slice(1) })).toBe(refused)
    expect(changed({ cuts: manifest.cuts.toReversed() })).toBe(refused)
    expect(changed({ tensors: [...manifest.tensors, ...manifest.tensors] })).toBe(refused)
    const [tensor] = manifest.tensors
    const wrong = tensor === undefined ? [] : [{ ...tensor, dims: [32, 33] }]
    expect(changed({ tensors: [...wrong, ...manifest.tensors.slice(1)] })).toBe(refused)
    const chunks = { ...manifest.skeleton, chunkHashes: [] }
    expect(changed({ skeleton: chunks })).toBe(refused)
  })

  it('has one id on every device', () => {
    // Whoever changes the format must raise MANIFEST_FORMAT, and this.
    expect(modelIdOf(encoded, sha256)).toBe(
      'f6dc0c0047e6fd1bf283c3b9118a2af906d2d66d05a47918615072b2da33d4ba',
    )
  })
})
