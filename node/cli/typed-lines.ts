/**
 * Lines that a person types, or that a program pipes in.
 *
 * @module
 */

import { createInterface } from 'node:readline'
import { type Cli, type InputStream, Interrupted } from './cli.ts'
import type { OutputStream } from './terminal.ts'

/** Before the cursor, on a terminal. */
const PROMPT = '> '

/**
 * Lines until there are no more. On a terminal each is asked for on standard error.
 *
 * @throws {Interrupted} when the owner types Ctrl-C instead of a line.
 */
export async function* typedLines(cli: Cli): AsyncGenerator<string> {
  const input = cli.surroundings.stdin()
  if (input.isTTY !== true) {
    yield* createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY, terminal: false })
    return
  }
  const history: string[] = []
  for (;;) {
    const lines = await ask(input, cli.terminal.stderr, history)
    if (lines.length === 0) return
    history.unshift(...lines.toReversed())
    yield* lines
  }
}

/**
 * What is typed or pasted at once; nothing at the end of all input.
 *
 * Each question has an interface of its own: while an answer is written, the terminal belongs to
 * nobody, so that Ctrl-C is a signal again.
 */
function ask(
  input: InputStream,
  output: OutputStream,
  history: readonly string[],
): Promise<readonly string[]> {
  const lines: string[] = []
  const { promise, resolve, reject } = Promise.withResolvers<readonly string[]>()
  const reader = createInterface({ input, output, history: [...history], terminal: true })
  reader.on('line', (line) => {
    lines.push(line)
    // A paste brings several lines in one turn of the loop.
    setImmediate(() => reader.close())
  })
  reader.on('close', () => resolve(lines))
  reader.on('SIGINT', () => {
    output.write('\n')
    reject(new Interrupted())
    reader.close()
  })
  reader.setPrompt(PROMPT)
  reader.prompt()
  return promise
}
