/**
 * Which files a model in several safetensors files is made of.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { SAFETENSORS_FILES_MAX } from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import { JsonRecord } from './json-record.ts'

/** A name without any folder: the files of a model lie beside each other. */
const FILE_NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\.safetensors$/

/** Names of the files, in the order in which the index names them first. */
export function shardFiles(index: Uint8Array): Result<readonly string[]> {
  return attempt(() => {
    const map = JsonRecord.parse('the index', index).optionalRecord('weight_map')
    const files = new Set((map?.entries() ?? []).map(([, file]) => file))
    if (files.size === 0) refuse('SAFETENSORS_MODEL_INVALID', 'expected files in the index')
    if (files.size > SAFETENSORS_FILES_MAX) {
      refuse('SAFETENSORS_LIMIT', `expected at most ${SAFETENSORS_FILES_MAX} files of a model`)
    }
    return [...files].map((file) =>
      typeof file === 'string' && FILE_NAME.test(file)
        ? file
        : refuse('SAFETENSORS_MALFORMED', 'expected names of safetensors files in the index'),
    )
  })
}
