import { describe, expect, it } from 'vitest'
import { decoderManifest } from '../../test/fixtures/decoder-model.ts'
import { accepted } from '../errors.ts'
import { LAYERS_MAX } from '../limits.ts'
import { decodeManifest, encodeManifest, manifestBlobs } from '../manifest/manifest-codec.ts'
import type { Manifest, TextModel } from '../manifest/manifest.ts'
import { stageNeeds } from '../partition/stage-needs.ts'
import { buildStage } from '../partition/stage.ts'
import { cacheBytesPerToken, cachesOf } from './caches.ts'
import { stepInputs } from './decoder-step.ts'

const { manifest, skeleton } = decoderManifest(3)
const names = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name)
const stage = (fromLayer: number, toLayer: number) =>
  accepted(buildStage(skeleton, manifest, { fromLayer, toLayer }))

/** The manifest with other words about text. */
function withText(change: Partial<TextModel>): Manifest {
  if (manifest.text === undefined) throw new Error('expected a decoder that generates')
  return { ...manifest, text: { ...manifest.text, ...change } }
}

describe('a decoder that generates', () => {
  it('is cut between its layers, where only the stream crosses', () => {
    expect(manifest.cuts.map(({ tensors }) => names(tensors))).toEqual([
      ['input_ids'],
      ['stream.0'],
      ['stream.1'],
      ['stream.2'],
      ['stream.3'],
      ['logits'],
    ])
    expect(manifest.text?.caches).toEqual([0, 1, 1, 1, 0])
  })

  it('has layers of several where it has more than a model may be cut into', () => {
    const deep = decoderManifest(126).manifest
    expect(deep.layers.length).toBe(44)
    expect(deep.layers.length).toBeLessThanOrEqual(LAYERS_MAX)
    expect(deep.text?.caches.slice(0, 3)).toEqual([0, 3, 3])
    expect(deep.text?.caches.slice(-2)).toEqual([3, 0])
    expect(deep.cuts.every(({ tensors }) => tensors.length === 1)).toBe(true)
  })

  it('ends before its logits where what they are made of is wanted', () => {
    const { length } = manifest.layers
    const hidden = (fromLayer: number, toLayer: number) =>
      accepted(buildStage(skeleton, manifest, { fromLayer, toLayer }, 'hidden'))
    const head = hidden(length - 1, length)
    expect(names(head.description.outputs)).toEqual(['norm.out'])
    expect(head.description.sends).toEqual([
      { ...manifest.cuts[length - 1]?.tensors[0], name: 'norm.out' },
    ])
    expect(names(head.description.local.inputs)).toEqual(['rows'])
    expect(head.model.graph?.node.map(({ opType }) => opType)).toEqual([
      'Gather',
      'SimplifiedLayerNormalization',
    ])
    // Keys and values are kept as in any other stage.
    const { local, outputs } = hidden(1, length).description
    expect([names(outputs), local.outputs]).toEqual([
      ['norm.out'],
      stage(1, length).description.local.outputs,
    ])
    expect(hidden(1, 3).model).toEqual(stage(1, 3).model)
  })

  it('gives each stage the tensors that stay with it', () => {
    expect(stage(0, 1).description.local).toEqual({ inputs: [], outputs: [], caches: [] })
    const { local, inputs, outputs } = stage(2, 4).description
    expect([names(inputs), names(outputs)]).toEqual([['stream.1'], ['stream.3']])
    const lengths = ['seqlens_k', 'total_sequence_length']
    const past = ['past.1.key', 'past.1.value', 'past.2.key', 'past.2.value']
    expect([names(local.inputs), local.caches]).toEqual([
      [...lengths, ...past],
      [1, 2],
    ])
    expect(names(local.outputs)).toEqual(past.map((name) => name.replace('past', 'present')))
    expect(local.inputs.at(-1)).toEqual({
      name: 'past.2.value',
      type: 'float32',
      dims: ['batch', 1, 'past', 16],
    })
    expect(names(stage(4, 5).description.local.inputs)).toEqual(['rows'])
  })

  it('writes them into the graph of the stage, behind those that cross', () => {
    const { graph } = stage(1, 2).model
    const given = graph?.input.map(({ name }) => name)
    expect(given).toEqual([
      'stream.0',
      'seqlens_k',
      'total_sequence_length',
      'past.0.key',
      'past.0.value',
    ])
    expect(graph?.output.map(({ name }) => name)).toEqual([
      'stream.1',
      'present.0.key',
      'present.0.value',
    ])
  })

  it('says what a token takes of memory, without its graph', () => {
    expect(stageNeeds(manifest, { fromLayer: 0, toLayer: 3 }).cacheBytesPerToken).toBe(256)
    expect(cacheBytesPerToken(30, { kvHeads: 3, headSize: 64 })).toBe(46_080)
    expect(cachesOf({ caches: [0, 2, 2, 1, 0] }, { fromLayer: 2, toLayer: 5 })).toEqual([2, 3, 4])
  })

  it('is refused when the caches that are listed are not those of the graph', () => {
    const code = (caches: readonly number[]) => {
      const range = { fromLayer: 1, toLayer: 2 }
      const built = buildStage(skeleton, withText({ caches }), range)
      return built.type === 'refused' ? built.code : 'value'
    }
    expect(code([0, 1, 1, 1, 0])).toBe('value')
    expect(code([1, 0, 1, 1, 0])).toBe('MODELS_SKELETON_MISMATCH')
    expect(code([0, 2, 1, 0, 0])).toBe('MODELS_SKELETON_MISMATCH')
    expect(code([0, 1, 0, 0, 0])).toBe('MODELS_SKELETON_MISMATCH')
  })
})

describe('the manifest of a decoder', () => {
  const outcome = (other: Manifest) => {
    const decoded = decodeManifest(encodeManifest(other))
    return decoded.type === 'value' ? 'value' : decoded.reason
  }

  it('comes back as it was written, and names its tokenizer among its blobs', () => {
    expect(decodeManifest(encodeManifest(manifest))).toEqual({ type: 'value', value: manifest })
    expect(manifestBlobs(manifest)).toContain(manifest.text?.tokenizer)
  })

  it('is refused when it is cut short anywhere', () => {
    const encoded = encodeManifest(manifest)
    for (let end = 0; end < encoded.length; end += 7) {
      expect(decodeManifest(encoded.subarray(0, end)).type).toBe('refused')
    }
  })

  it('is refused when what it says of text does not fit', () => {
    expect(outcome(withText({ caches: [0, 1, 1, 1] }))).toBe('expected caches of each layer')
    expect(outcome(withText({ caches: [0, 0, 0, 0, 0] }))).toBe('expected 1 to 126 caches')
    expect(outcome(withText({ caches: [0, 126, 1, 0, 0] }))).toBe('expected 1 to 126 caches')
    expect(outcome(withText({ kvHeads: 0 }))).toBe('expected sizes of one or more')
    expect(outcome(withText({ headSize: 2 ** 21 }))).toBe(
      'expected keys and values of a possible size',
    )
    expect(outcome(withText({ stopTokens: [2, 2] }))).toBe(
      'expected each token that ends an answer once',
    )
    const [first] = manifest.inputs
    const other = { ...manifest, inputs: first === undefined ? [] : [{ ...first, name: 'x' }] }
    expect(outcome(other)).toMatch('expected inputs and outputs that equal the outer cuts')
  })
})

describe('the inputs of a step', () => {
  it('say how long the text is, and hold nothing but zeros', () => {
    const { local } = stage(1, 5).description
    const step = { batch: 1, tokens: 2, past: 3, rows: [0, 1] }
    const made = stepInputs(local.inputs, step).map(({ name, dims, data }) => [
      name,
      dims,
      [...data].slice(0, 16),
    ])
    expect(made.slice(0, 4)).toEqual([
      ['seqlens_k', [1], [4, 0, 0, 0]],
      ['total_sequence_length', [1], [5, 0, 0, 0]],
      ['rows', [2], [0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]],
      ['past.0.key', [1, 1, 3, 16], Array.from({ length: 16 }, () => 0)],
    ])
  })
})
