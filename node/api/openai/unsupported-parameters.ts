/**
 * Parameters of OpenAI's API that would change the answer in a way that is not there.
 *
 * They are refused by name, unless their value asks for nothing. All others that are not known are
 * left alone: clients send many that change no answer.
 *
 * @module
 */

import { ApiError } from '../errors.ts'

interface Rule {
  /** What may be sent, for people. */
  readonly expected: string
  readonly asksForNothing: (value: unknown) => boolean
}

const noList: Rule = {
  expected: 'none',
  asksForNothing: (value) => Array.isArray(value) && value.length === 0,
}

const never: Rule = { expected: 'none', asksForNothing: () => false }

function only(...values: readonly unknown[]): Rule {
  return { expected: values.join(' or '), asksForNothing: (value) => values.includes(value) }
}

const RULES: Readonly<Record<string, Rule>> = {
  n: only(1),
  best_of: only(1),
  echo: only(false),
  suffix: { expected: 'none', asksForNothing: (value) => value === '' },
  tools: noList,
  tool_choice: only('none', 'auto'),
  functions: noList,
  function_call: only('none', 'auto'),
  modalities: {
    expected: 'text',
    asksForNothing: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
  },
  audio: never,
  web_search_options: never,
  reasoning_effort: only('none'),
  verbosity: only('medium'),
}

/** @throws {ApiError} API_PARAMETER_UNSUPPORTED, for the first of them. */
export function refuseUnsupported(body: Readonly<Record<string, unknown>>): void {
  for (const [parameter, { expected, asksForNothing }] of Object.entries(RULES)) {
    const value = body[parameter]
    if (value === undefined || value === null || asksForNothing(value)) continue
    throw new ApiError({ code: 'API_PARAMETER_UNSUPPORTED', parameter, expected })
  }
}
