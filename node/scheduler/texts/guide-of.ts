/**
 * What an answer has to be: from what people ask for to what goes to the last stage.
 *
 * @module
 */

import { guideRefusal, ModelError } from '../../../models/index.ts'
import { GUIDE_CHARACTERS_MAX, type GuideRecord } from '../../../protocols/inference/index.ts'
import type { TextRequest } from '../../api/schemas/texts.ts'

/**
 * The guide of a text, or undefined when its answer may be anything.
 *
 * @throws {ModelError} GRAMMAR_* when no text can be guided by it, before anyone is asked for work.
 */
export function guideOf({
  grammar,
  schema,
}: Pick<TextRequest, 'grammar' | 'schema'>): GuideRecord | undefined {
  const guide = recordOf(grammar, schema)
  if (guide === undefined) return undefined
  if (guide.source.length > GUIDE_CHARACTERS_MAX) {
    const reason = `expected a schema of at most ${GUIDE_CHARACTERS_MAX} characters as compact JSON`
    throw new ModelError({ code: 'GRAMMAR_LIMIT', reason })
  }
  const refused = guideRefusal(guide)
  if (refused !== undefined) throw new ModelError({ code: refused.code, reason: refused.reason })
  return guide
}

function recordOf(grammar: string | undefined, schema: unknown): GuideRecord | undefined {
  if (grammar !== undefined) return { notation: 'gbnf', source: grammar }
  return schema === undefined
    ? undefined
    : { notation: 'json-schema', source: JSON.stringify(schema) }
}
