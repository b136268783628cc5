/**
 * How a model stretches positions beyond the context that it was trained on.
 *
 * @module
 */

import { plainWord } from '../checkpoint/plain-word.ts'
import { refuse } from '../refuse.ts'
import type { JsonRecord } from './json-record.ts'

export interface Turning {
  readonly headSize: number
  readonly ropeTheta: number
}

/**
 * What slows the turning of each pair of columns down.
 *
 * Only scalings that do not depend on the length of the text: none, linear, and that of Llama 3.1, which
 * leaves fast columns as they are and stretches slow ones.
 */
export function positionSlowdown(config: JsonRecord, turning: Turning): readonly number[] {
  const columns = Array.from({ length: turning.headSize / 2 }, (_, column) => column)
  const scaling = config.optionalRecord('rope_scaling') ?? config.optionalRecord('rope_parameters')
  const type = scaling?.optionalText('rope_type') ?? scaling?.optionalText('type') ?? 'default'
  if (scaling === undefined || type === 'default') return columns.map(() => 1)
  if (type !== 'linear' && type !== 'llama3') {
    const got = plainWord(type)
    refuse('SAFETENSORS_UNSUPPORTED', `expected positions scaled linearly or by llama3, got ${got}`)
  }
  const factor = scaling.number('factor', 1, 1e6)
  if (type === 'linear') return columns.map(() => factor)
  const low = scaling.number('low_freq_factor', 1e-6, 1e6)
  const high = scaling.number('high_freq_factor', 1e-6, 1e6)
  const context = scaling.size('original_max_position_embeddings', 2 ** 32)
  if (!(low < high)) {
    refuse('SAFETENSORS_MODEL_INVALID', 'expected a low_freq_factor below high_freq_factor')
  }
  return columns.map((column) => {
    const wave = 2 * Math.PI * turning.ropeTheta ** ((2 * column) / turning.headSize)
    // Turns that a column makes within the old context, between the two bounds as a share.
    const share = Math.min(1, Math.max(0, (context / wave - low) / (high - low)))
    return 1 / ((1 - share) / factor + share)
  })
}
