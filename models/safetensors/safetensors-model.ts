/**
 * The model that a folder of the Transformers library holds: safetensors files, and JSON beside them.
 *
 * @module
 */

import {
  checkpointModel,
  type CheckpointModel,
  type DecoderWish,
} from '../checkpoint/checkpoint-model.ts'
import type { FileTensor } from '../checkpoint/file-tensor.ts'
import type { Result } from '../errors.ts'
import { attempt, refuse } from '../refuse.ts'
import { decoderOf } from './hub-config.ts'
import { hubNames } from './hub-names.ts'
import { wordsOf, type WordFiles } from './hub-words.ts'
import { JsonRecord } from './json-record.ts'

export interface SafetensorsFolder extends WordFiles {
  readonly config: Uint8Array
  /** Those of all files. */
  readonly tensors: readonly FileTensor[]
}

/** @returns SAFETENSORS_UNSUPPORTED or SAFETENSORS_MODEL_INVALID when it holds no decoder that can be run. */
export function safetensorsModel(
  folder: SafetensorsFolder,
  { past, quantisation }: DecoderWish,
): Result<CheckpointModel> {
  return attempt(() => {
    const config = JsonRecord.parse('config.json', folder.config)
    const decoder = decoderOf(config, past)
    const tensors = new Map(folder.tensors.map((tensor) => [tensor.name, tensor]))
    if (tensors.size !== folder.tensors.length) {
      refuse('SAFETENSORS_MODEL_INVALID', 'expected each tensor in one file')
    }
    const codes = {
      unsupported: 'SAFETENSORS_UNSUPPORTED',
      invalid: 'SAFETENSORS_MODEL_INVALID',
    } as const
    const checkpoint = { tensors, names: hubNames(decoder.tied), codes }
    const words = wordsOf(config, folder, decoder.vocabulary)
    const model = checkpointModel({
      checkpoint,
      decoder,
      words,
      licence: undefined,
      quantisation,
    })
    return { ...model, description: `safetensors, ${model.description}` }
  })
}
