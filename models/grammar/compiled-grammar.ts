/**
 * A grammar for one vocabulary: which tokens may come next in each of its states.
 *
 * @module
 */

import type { Result } from '../errors.ts'
import { MASKS_MAX } from '../limits.ts'
import { attempt } from '../refuse.ts'
import type { TokenConstraint, TokenMask } from '../sampling/token-constraint.ts'
import type { Grammar } from './expression.ts'
import { GrammarConstraint } from './grammar-constraint.ts'
import type { LexicalState } from './lexical.ts'
import { MaskBudget } from './mask-budget.ts'
import { Pushdown, type PushdownState, type Stack } from './pushdown.ts'
import { RecentMap } from './recent-map.ts'
import type { TokenVocabulary } from './token-vocabulary.ts'

/** `grammar` made ready, or why it cannot guide a text. */
export function compiledGrammar(
  grammar: Grammar,
  vocabulary: TokenVocabulary,
): Result<CompiledGrammar> {
  return attempt(() => new CompiledGrammar(grammar, vocabulary))
}

/** A mask that is being made. */
interface MaskWork {
  readonly mask: Uint32Array
  readonly budget: MaskBudget
}

/** Made by {@link compiledGrammar}. It serves any number of texts, one after another or side by side. */
export class CompiledGrammar {
  readonly vocabulary: TokenVocabulary
  readonly pushdown: Pushdown
  readonly #masks = new RecentMap<PushdownState, TokenMask | undefined>(MASKS_MAX)
  readonly #path: (PushdownState | null)[]

  constructor(grammar: Grammar, vocabulary: TokenVocabulary) {
    this.vocabulary = vocabulary
    this.pushdown = new Pushdown(grammar, (expression) => vocabulary.lexicalOf(expression))
    this.#path = Array.from({ length: vocabulary.trie.depthMax + 1 }, () => null)
  }

  /** What guides one text. @param stopTokens - Allowed where the text is whole, and only there. */
  constraint(stopTokens: readonly number[]): TokenConstraint {
    return new GrammarConstraint(this, stopTokens)
  }

  /** The tokens whose bytes may come next, not to be changed; undefined where working them out takes too long. */
  allowed(state: PushdownState): TokenMask | undefined {
    return this.#masks.get(state, () => this.#mask(state))
  }

  #mask({ stacks }: PushdownState): TokenMask | undefined {
    const { trie } = this.vocabulary
    const mask = new Uint32Array(Math.ceil(trie.size / 32))
    const work = { mask, budget: new MaskBudget(trie.bytes.length) }
    const plain = stacks.filter(({ top }) => typeof top === 'number')
    if (plain.length > 0) this.#walk(work, this.pushdown.stateOf(plain), 0, trie.bytes.length)
    // Alternatives that are in the same rule go on together once it has ended.
    for (const [top, group] of Map.groupBy(stacks, (stack) => stack.top)) {
      const read = typeof top === 'number' || this.#addLexical(work, top, group)
      if (!read || work.budget.spent) return undefined
    }
    return mask
  }

  /** Adds the tokens of a lexical rule, and those in which it ends and what waits for it goes on. */
  #addLexical(work: MaskWork, top: LexicalState, stacks: readonly Stack[]): boolean {
    const { mask } = work
    const { ends } = this.vocabulary.trie
    const read = this.vocabulary.read(top)
    if (read === undefined) return false
    for (let word = 0; word < mask.length; word++) {
      mask[word] = (mask[word] as number) | (read.mask[word] as number)
    }
    const after = this.pushdown.after(stacks)
    if (after.stacks.length === 0) return true
    for (const node of read.exits) {
      if (work.budget.spent) return false
      this.#walk(work, after, node + 1, ends[node] as number)
    }
    return true
  }

  /** Marks the tokens that end at nodes of [from, end), siblings and their subtrees, read from `state`. */
  #walk({ mask, budget }: MaskWork, state: PushdownState, from: number, end: number): void {
    const { bytes, depths, ends, tokens } = this.vocabulary.trie
    const { pushdown } = this
    const path = this.#path
    path[(depths[from] ?? 1) - 1] = state
    for (let node = from; node < end && !budget.spent;) {
      const depth = depths[node] as number
      const byte = bytes[node] as number
      const at = path[depth - 1] as PushdownState
      const next = pushdown.step(at, byte)
      budget.spend(at, pushdown.classes[byte] as number)
      if (next === null) {
        node = ends[node] as number
        continue
      }
      this.vocabulary.mark(mask, tokens[node] as number)
      path[depth] = next
      node++
    }
  }
}
