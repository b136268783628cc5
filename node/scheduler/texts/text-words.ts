/**
 * Drawn tokens as words: whole characters, and nothing of a stop string.
 *
 * @module
 */

import { toHex } from '../../../core/bytes.ts'
import type { DrawnToken } from '../../../protocols/inference/index.ts'
import type { DrawnView } from '../../api/schemas/texts.ts'
import { StopStrings } from '../../text/stop-strings.ts'
import { textOfTokens, TextStream } from '../../text/text-stream.ts'
import type { TokenTable } from '../../text/token-table.ts'

export interface Words {
  /** What may be shown now. */
  readonly text: string
  readonly tokens: readonly DrawnView[]
  /** True when a stop string ended the text. */
  readonly stopped: boolean
}

export class TextWords {
  /** Undefined for a model without a tokenizer: then tokens have no text. */
  readonly #table: TokenTable | undefined
  readonly #stream: TextStream | undefined
  readonly #stops: StopStrings

  constructor(table: TokenTable | undefined, stops: readonly string[]) {
    this.#table = table
    // A space at its beginning is the answer's own: the prompt goes on.
    this.#stream = table === undefined ? undefined : new TextStream(table, { atStart: false })
    this.#stops = new StopStrings(stops)
  }

  take(drawn: readonly DrawnToken[]): Words {
    let text = ''
    let stopped = false
    const tokens: DrawnView[] = []
    for (const token of drawn) {
      const piece = this.#stream?.push(token.token) ?? ''
      const output = this.#stops.push(piece)
      text += output.text
      tokens.push(this.#view(token, piece))
      stopped = output.stop !== undefined
      if (stopped) break
    }
    return { text, tokens, stopped }
  }

  /** What was held back, now that no more comes. */
  end(): string {
    const rest = this.#stops.push(this.#stream?.end() ?? '').text
    return rest + this.#stops.end()
  }

  #view({ token, logprob, alternatives, logitsHash }: DrawnToken, text: string): DrawnView {
    return {
      token,
      text,
      ...(logprob === undefined ? {} : { logprob }),
      ...(logprob === undefined
        ? {}
        : {
            alternatives: alternatives.map((other) => ({
              ...other,
              text: this.#textOf(other.token),
            })),
          }),
      ...(logitsHash === undefined ? {} : { logitsHash: toHex(logitsHash) }),
    }
  }

  #textOf(token: number): string {
    const table = this.#table
    return table === undefined ? '' : textOfTokens(table, [token], { atStart: false })
  }
}
