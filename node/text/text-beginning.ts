/**
 * What a tokenizer puts before every text, from its post-processor.
 *
 * @module
 */

import { fieldsOf, listOf, unsupported, type Fields } from './json-fields.ts'

/** Numbers of tokens, not checked yet. */
export function beginningOf(processor: Fields | null): readonly unknown[] {
  if (processor === null) return []
  const { type } = processor
  switch (type) {
    case 'ByteLevel':
      return []
    case 'BertProcessing':
    case 'RobertaProcessing':
      return [listOf(processor['cls'], 'a first token')[1]]
    case 'TemplateProcessing':
      return templateBeginning(processor)
    case 'Sequence':
      return listOf(processor['processors'], 'a list of post-processors').flatMap((part) => {
        const fields = fieldsOf(part, 'post-processors')
        if (fields['type'] === 'Sequence') throw unsupported('a post-processor', 'in-a-sequence')
        return beginningOf(fields)
      })
    default:
      throw unsupported('a post-processor', type)
  }
}

/** Of the pieces of a single text, those before the text itself. */
function templateBeginning({ single, special_tokens: special }: Fields): readonly unknown[] {
  const pieces = listOf(single, 'a template of a text').map((piece) =>
    fieldsOf(piece, 'pieces of a template'),
  )
  const text = pieces.findIndex((piece) => piece['Sequence'] !== undefined)
  return pieces.slice(0, Math.max(0, text)).flatMap((piece) => {
    const { id } = fieldsOf(piece['SpecialToken'], 'tokens of a template')
    const tokens = fieldsOf(special, 'tokens of a template')
    const named = typeof id === 'string' && Object.hasOwn(tokens, id) ? tokens[id] : undefined
    return listOf(fieldsOf(named, 'tokens of a template')['ids'], 'tokens of a template')
  })
}
