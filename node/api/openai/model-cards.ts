/**
 * What OpenAI's clients look for in models, beside what Brume says of them.
 *
 * @module
 */

import type { ModelSummary } from '../schemas/models.ts'
import type { ModelCard, ModelCards } from '../schemas/openai.ts'

const OWNER = 'brume'

export function modelCard({ importedMs }: Pick<ModelSummary, 'importedMs'>): ModelCard {
  return { object: 'model', created: Math.floor(importedMs / 1000), owned_by: OWNER }
}

/** Each goes by its name, which people choose from lists, unless another has the same. */
export function modelCards(models: readonly ModelSummary[]): ModelCards {
  const data = models.map((model) => {
    const shared = models.some(({ id, name }) => name === model.name && id !== model.id)
    return { id: shared ? model.id : model.name, ...modelCard(model) }
  })
  return { object: 'list', data }
}
