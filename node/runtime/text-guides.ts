/**
 * What grammars and schemas allow in the texts of one executor.
 *
 * Compiled grammars keep what they have worked out, and are kept for the next text: most texts are
 * asked for with the schema of the one before.
 *
 * @module
 */

import {
  compiledGrammar,
  guideGrammar,
  TokenVocabulary,
  type CompiledGrammar,
  type Result,
  type TokenConstraint,
} from '../../models/index.ts'
import type { GuideRecord } from '../../protocols/inference/index.ts'
import type { TokenBytes } from './executor-spec.ts'

/** Grammars that are kept without a text that needs them: each may have some megabytes of masks. */
const GRAMMARS_MAX = 8

/** A guide that is refused, or that leaves nothing to draw: the fault of whoever asked for it. */
export class GuideError extends Error {}

export class TextGuides {
  readonly #vocabulary: TokenVocabulary | undefined
  /** By notation and source; the one that was used last stands last. */
  readonly #grammars = new Map<string, CompiledGrammar>()

  /** @param tokens - What tokens stand for; without it every guide is refused. */
  constructor(tokens?: TokenBytes) {
    this.#vocabulary = tokens === undefined ? undefined : new TokenVocabulary(listed(tokens))
  }

  /** What guides one text. @throws {GuideError} when the guide cannot. */
  constraint(guide: GuideRecord, stopTokens: readonly number[]): TokenConstraint {
    const key = `${guide.notation} ${guide.source}`
    const grammar = this.#grammars.get(key) ?? this.#compiled(guide)
    this.#grammars.delete(key)
    this.#grammars.set(key, grammar)
    const [oldest] = this.#grammars.keys()
    if (this.#grammars.size > GRAMMARS_MAX && oldest !== undefined) this.#grammars.delete(oldest)
    return grammar.constraint(stopTokens)
  }

  #compiled(guide: GuideRecord): CompiledGrammar {
    if (this.#vocabulary === undefined) throw new GuideError('expected a model with a tokenizer')
    return valueOf(compiledGrammar(valueOf(guideGrammar(guide)), this.#vocabulary))
  }
}

function valueOf<T>(result: Result<T>): T {
  if (result.type === 'refused') throw new GuideError(result.reason)
  return result.value
}

function listed({ bytes, offsets }: TokenBytes): readonly Uint8Array[] {
  const starts = offsets.subarray(0, -1)
  return Array.from(starts, (start, token) => bytes.subarray(start, offsets[token + 1]))
}
