/**
 * Models made from a configuration instead of a file.
 *
 * @module
 */

import { decodeShape, encodeShape } from '../../core/cbor-shape.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { Result } from '../errors.ts'
import type { Generator } from '../manifest/manifest.ts'
import { attempt, refuse } from '../refuse.ts'
import type { TextOutline } from '../text/text-outline.ts'
import { DECODER_CONFIG, writeDecoder, type DecoderConfig } from './decoder.ts'
import { withSmallWeights, type BuiltGraph } from './graph-writer.ts'
import { MLP_CONFIG, writeMlp, type MlpConfig } from './mlp.ts'

/** A built graph; `text` says what it generates with, when it does. */
export interface BuiltModel extends BuiltGraph {
  readonly text: TextOutline | undefined
}

/** What is to be built. */
export type BuildConfig =
  | ({ readonly kind: 'mlp' } & MlpConfig)
  | ({ readonly kind: 'decoder' } & DecoderConfig)

/** The configuration in the form that a manifest carries. */
export function generatorOf(config: BuildConfig): Generator {
  return config.kind === 'mlp'
    ? { kind: 'mlp', config: encodeShape(MLP_CONFIG, config) }
    : { kind: 'decoder', config: encodeShape(DECODER_CONFIG, config) }
}

/**
 * The graph of a built model, and what makes its weights.
 *
 * @returns MODELS_BUILD_INVALID when the configuration is not one, or its sizes do not fit together.
 */
export function buildModel({ kind, config }: Generator, sha256: Sha256): Result<BuiltModel> {
  return attempt(() => {
    if (kind === 'mlp') {
      const mlp = decodeShape(MLP_CONFIG, config)
      if (mlp.type === 'refused') return refuse('MODELS_BUILD_INVALID', mlp.reason)
      const { seed } = mlp.value
      return { ...withSmallWeights(writeMlp(mlp.value, { seed, sha256 })), text: undefined }
    }
    const decoder = decodeShape(DECODER_CONFIG, config)
    if (decoder.type === 'refused') return refuse('MODELS_BUILD_INVALID', decoder.reason)
    const { text, ...graph } = writeDecoder(decoder.value, { seed: decoder.value.seed, sha256 })
    return { ...withSmallWeights(graph), text }
  })
}
