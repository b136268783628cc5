/**
 * Reads a stream of server-sent events (HTML standard, section 9.2).
 *
 * @module
 */

/** Characters of one event: more is no event of a daemon. */
const EVENT_LENGTH_MAX = 16_777_216

/**
 * The data of each event in `chunks`, in order. Comments and other fields are skipped.
 *
 * @yields {string} The data lines of one event.
 * @throws {RangeError} when an event has more than 16 Mi characters.
 */
export async function* readEvents(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true })
    const blocks = rest.split('\n\n')
    rest = blocks.pop() ?? ''
    if (rest.length > EVENT_LENGTH_MAX) throw new RangeError('expected an event, got no end of it')
    for (const block of blocks) {
      const data = dataOf(block)
      if (data !== undefined) yield data
    }
  }
}

function dataOf(block: string): string | undefined {
  const lines = block.split('\n').filter((line) => line.startsWith('data:'))
  if (lines.length === 0) return undefined
  return lines.map((line) => line.slice('data:'.length).replace(/^ /, '')).join('\n')
}
