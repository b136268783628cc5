/**
 * Writes a chat as one text, by the template that comes with the model.
 *
 * The template is a program in Jinja by whoever made the model: it sees what it is given and nothing
 * of this device, takes so many steps and makes so much text. How long a single step takes, and how
 * much memory, only the thread that it runs in can bound ({@link TextThread}).
 *
 * @module
 */

import { dateText } from './date-text.ts'
import { TextError } from './errors.ts'
import {
  Environment,
  Interpreter,
  parse,
  tokenize,
  type RuntimeValue,
  type Scope,
  type Statement,
} from './libraries.ts'

export interface TemplateInit {
  /** Value of each variable: text, number, truth, null, or lists and objects of those. */
  readonly variables: Readonly<Record<string, unknown>>
  /** What the template takes for now, in ms since the epoch. */
  readonly wallMs: number
}

/** Steps of one run: a usual template takes some 100 a message. */
const STEPS_MAX = 500_000
/** Characters of a text that it makes, and elements of a list. */
const CHARACTERS_MAX = 8 * 2 ** 20
const ELEMENTS_MAX = 100_000

export class ChatTemplate {
  readonly #program: Statement

  /** @throws {TextError} TEXT_TEMPLATE_INVALID when it is no Jinja. */
  constructor(template: string) {
    this.#program = guarded(() =>
      parse(tokenize(template, { lstrip_blocks: true, trim_blocks: true })),
    )
  }

  /** @throws {TextError} TEXT_TEMPLATE_INVALID, TEXT_TEMPLATE_REFUSED, TEXT_TEMPLATE_LIMIT. */
  render({ variables, wallMs }: TemplateInit): string {
    return guarded(() => {
      const environment = new Environment()
      const known: Record<string, unknown> = {
        ...variables,
        true: true,
        True: true,
        false: false,
        False: false,
        none: null,
        None: null,
        range: boundedRange,
        raise_exception: refuseMessages,
        strftime_now: (format: unknown) => dateText(String(format), new Date(wallMs)),
      }
      for (const [name, value] of Object.entries(known)) environment.set(name, value)
      const { value } = new BoundedInterpreter(environment).run(this.#program)
      return String(value)
    })
  }
}

/** Every part of a program passes through here. */
class BoundedInterpreter extends Interpreter {
  #steps = 0

  override evaluate(statement: Statement | undefined, environment: Scope): RuntimeValue {
    if (++this.#steps > STEPS_MAX) throw tooMuch(STEPS_MAX, 'steps')
    const result = super.evaluate(statement, environment)
    const { value } = result
    if (typeof value === 'string' && value.length > CHARACTERS_MAX) {
      throw tooMuch(CHARACTERS_MAX, 'characters')
    }
    if (Array.isArray(value) && value.length > ELEMENTS_MAX) {
      throw tooMuch(ELEMENTS_MAX, 'elements')
    }
    return result
  }
}

/** As in Python. */
function boundedRange(first: number, second?: number, step = 1): number[] {
  const [start, stop] = typeof second === 'number' ? [first, second] : [0, first]
  const length = Math.max(0, Math.ceil((stop - start) / step))
  if (!(length <= ELEMENTS_MAX)) throw tooMuch(ELEMENTS_MAX, 'elements')
  return Array.from({ length }, (_, index) => start + index * step)
}

function refuseMessages(): never {
  throw new TextError({ code: 'TEXT_TEMPLATE_REFUSED' })
}

function tooMuch(limit: number, of: string): TextError {
  return new TextError({ code: 'TEXT_TEMPLATE_LIMIT', limit, of })
}

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TextError) throw error
    // Whatever a stranger's program does wrong; its words are for its author.
    throw new TextError({ code: 'TEXT_TEMPLATE_INVALID' }, { cause: error })
  }
}
