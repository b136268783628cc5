/**
 * The model that a GGUF file holds.
 *
 * @module
 */

import {
  checkpointModel,
  type CheckpointModel,
  type DecoderWish,
} from '../checkpoint/checkpoint-model.ts'
import type { Result } from '../errors.ts'
import { attempt } from '../refuse.ts'
import { decoderOf } from './decoder-shape.ts'
import type { GgufFile } from './gguf-file.ts'
import { GGUF_NAMES } from './gguf-names.ts'
import { ggufWords } from './gguf-text.ts'

/** @returns GGUF_UNSUPPORTED or GGUF_MODEL_INVALID when the file holds no decoder that can be run. */
export function ggufModel(
  file: GgufFile,
  { past, quantisation }: DecoderWish,
): Result<CheckpointModel> {
  return attempt(() => {
    const decoder = decoderOf(file, past)
    const codes = { unsupported: 'GGUF_UNSUPPORTED', invalid: 'GGUF_MODEL_INVALID' } as const
    const checkpoint = { tensors: file.tensors, names: GGUF_NAMES, codes }
    const words = ggufWords(file, decoder.vocabulary)
    const licence = licenceOf(file)
    const model = checkpointModel({ checkpoint, decoder, words, licence, quantisation })
    return { ...model, description: `GGUF, ${model.description}` }
  })
}

/** An SPDX expression, or one of the shorter words that hubs use. */
function licenceOf({ metadata }: GgufFile): string | undefined {
  const licence = metadata.get('general.license')
  return typeof licence === 'string' && LICENCE.test(licence) ? licence : undefined
}

const LICENCE = /^[A-Za-z0-9][A-Za-z0-9 .()+-]{0,127}$/
