/**
 * Manifests as bytes: canonical CBOR, so that one manifest has one id.
 *
 * @module
 */

import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import type { Sha256 } from '../../core/crypto.ts'
import { toHex } from '../../core/bytes.ts'
import type { ModelId } from '../../core/ids.ts'
import { tensorBytes, type TensorSpec } from '../../core/tensor.ts'
import type { Result } from '../errors.ts'
import {
  CACHES_MAX,
  CHUNK_BYTES,
  INLINE_BYTES_MAX,
  MANIFEST_BYTES_MAX,
  SKELETON_BYTES_MAX,
  TENSOR_BYTES_MAX,
} from '../limits.ts'
import { elementBytes } from '../onnx/element-type.ts'
import { attempt, refuse } from '../refuse.ts'
import type { BlobRef, Cut, Manifest, ModelTensor, TextModel } from './manifest.ts'
import { cacheCount } from '../text/caches.ts'
import { LOGITS, TOKENS } from '../text/decoder-tensors.ts'
import { MANIFEST_SHAPE } from './manifest-shape.ts'

/** Numbers of one layer's keys or values for one token: a thousand heads of a thousand. */
const KV_WIDTH_MAX = 2 ** 20

/** The one encoding of a manifest. */
export function encodeManifest(manifest: Manifest): Uint8Array {
  return encodeShape(MANIFEST_SHAPE, manifest)
}

/** The manifest in `bytes`, with everything in it that refers to something else checked. */
export function decodeManifest(bytes: Uint8Array): Result<Manifest> {
  if (bytes.length > MANIFEST_BYTES_MAX) {
    const reason = `expected at most ${MANIFEST_BYTES_MAX} bytes, got ${bytes.length}`
    return { type: 'refused', code: 'MODELS_MANIFEST_INVALID', reason }
  }
  const decoded = decodeShape(MANIFEST_SHAPE, bytes)
  if (decoded.type === 'refused') return { ...decoded, code: 'MODELS_MANIFEST_INVALID' }
  return attempt(() => {
    checkManifest(decoded.value)
    return decoded.value
  })
}

/** The id of the model whose manifest has these bytes. */
export function modelIdOf(bytes: Uint8Array, sha256: Sha256): ModelId {
  return toHex(sha256(bytes)) as ModelId
}

/** All blobs of a model but its manifest, each once, the skeleton first. */
export function manifestBlobs(manifest: Manifest): readonly BlobRef[] {
  const { skeleton, text, tensors } = manifest
  const tokenizer = text?.tokenizer === undefined ? [] : [text.tokenizer]
  const refs = [skeleton, ...tokenizer, ...tensors.map(({ blob }) => blob)]
  return [...new Map(refs.map((ref) => [ref.id, ref])).values()]
}

function checkManifest(manifest: Manifest): void {
  const { skeleton, tensors, cuts, layers } = manifest
  checkBlob(skeleton)
  expect(skeleton.bytes <= SKELETON_BYTES_MAX, `a skeleton of at most ${SKELETON_BYTES_MAX} bytes`)
  for (const tensor of tensors) checkTensor(tensor)
  expect(unique(tensors.map(({ name }) => name)), 'each tensor once')
  expect(layers.length >= 1, 'at least one layer')
  expect(cuts.length === layers.length + 1, 'one more cut than layers')
  const positions = cuts.map(({ position }) => position)
  expect(isAscending(positions), 'cuts in ascending order')
  for (const { tensors: crossing } of cuts) {
    expect(unique(crossing.map(({ name }) => name)), 'each tensor once in a cut')
    for (const { type, dims } of crossing) {
      expect(tensorBytes(type, dims) <= TENSOR_BYTES_MAX, 'tensors of a possible size at cuts')
    }
  }
  for (const layer of layers) {
    expect(isAscending(layer.tensors), 'tensors of a layer in ascending order')
    expect((layer.tensors.at(-1) ?? -1) < tensors.length, 'layers that need listed tensors')
  }
  checkPorts(manifest.inputs, cuts[0])
  checkPorts(manifest.outputs, cuts.at(-1))
  if (manifest.text !== undefined) checkText(manifest, manifest.text)
}

/** A decoder's cuts hold one tensor each, and its layers all caches. */
function checkText({ cuts, layers, inputs, outputs }: Manifest, text: TextModel): void {
  const { tokenizer, caches, kvHeads, headSize, vocabulary, positionsMax } = text
  if (tokenizer !== undefined) checkBlob(tokenizer)
  expect(caches.length === layers.length, 'caches of each layer')
  const count = cacheCount(text)
  expect(count >= 1 && count <= CACHES_MAX, `1 to ${CACHES_MAX} caches`)
  expect(Math.min(kvHeads, headSize, vocabulary, positionsMax) >= 1, 'sizes of one or more')
  expect(kvHeads * headSize <= KV_WIDTH_MAX, 'keys and values of a possible size')
  expect(unique(text.stopTokens), 'each token that ends an answer once')
  const names = [inputs[0]?.name, outputs[0]?.name]
  expect(names[0] === TOKENS && names[1] === LOGITS, 'tokens in and logits out')
  expect(
    cuts.every(({ tensors }) => tensors.length === 1),
    'one tensor at each cut of a decoder',
  )
}

/** The first cut is the inputs and the last the outputs, in their order. */
function checkPorts(ports: readonly TensorSpec[], cut: Cut | undefined): void {
  const crossing = cut?.tensors ?? []
  const agrees = ports.every(({ name, type, dims }, index) => {
    const other = crossing[index]
    return name === other?.name && type === other.type && dims.length === other.dims.length
  })
  expect(agrees && ports.length === crossing.length, 'inputs and outputs that equal the outer cuts')
}

function checkTensor({ type, dims, blob }: ModelTensor): void {
  const bytes = elementBytes(
    type,
    dims.reduce((product, size) => product * size, 1),
  )
  expect(bytes === blob.bytes && bytes >= INLINE_BYTES_MAX, 'blobs of the size of their tensors')
  checkBlob(blob)
}

function checkBlob({ bytes, chunkHashes }: BlobRef): void {
  expect(chunkHashes.length === Math.ceil(bytes / CHUNK_BYTES), 'one hash for each chunk of a blob')
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((value, index) => index === 0 || value > (numbers[index - 1] ?? 0))
}

function unique(names: readonly (string | number)[]): boolean {
  return new Set(names).size === names.length
}

function expect(holds: boolean, rule: string): void {
  if (!holds) refuse('MODELS_MANIFEST_INVALID', `expected ${rule}`)
}
