/**
 * A problem as OpenAI's clients expect errors: with the code and the status that it has everywhere.
 *
 * @module
 */

import type { OpenAiError } from '../schemas/openai.ts'
import type { Problem } from '../schemas/problem.ts'

export function openAiError(problem: Problem): OpenAiError {
  const { detail, hint, code } = problem
  const message = `${detail}; ${hint}`
  return { error: { message, type: typeOf(problem), param: paramOf(problem), code } }
}

function typeOf({ status }: Problem): OpenAiError['error']['type'] {
  if (status === 429) return 'rate_limit_error'
  return status < 500 ? 'invalid_request_error' : 'server_error'
}

/** The part of the request that a problem is about, where it says so. */
function paramOf({ code, details }: Problem): string | null {
  if (code === 'API_PARAMETER_UNSUPPORTED') return String(details['parameter'])
  if (code === 'API_MODEL_UNKNOWN' || code === 'MODELS_NOT_FOUND' || code === 'MODELS_AMBIGUOUS')
    return 'model'
  if (code.startsWith('TEXT_TEMPLATE_')) return 'messages'
  if (code.startsWith('GRAMMAR_')) return 'response_format'
  if (code !== 'API_REQUEST_INVALID') return null
  const at = String(details['at']).replace(/^body\.?/, '')
  return at === '' ? null : at
}
