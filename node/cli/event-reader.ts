/**
 * Reads server-sent events out of a stream of text (HTML standard, section 9.2.6).
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'

/** One event: its number and its data, parsed. */
export interface ReadEvent {
  readonly id: number
  readonly data: unknown
}

/** Characters that one event may have: a job with all its timings stays far below. */
const EVENT_LENGTH_MAX = 67_108_864

/** Turns pieces of text, cut anywhere, into events. */
export class EventReader {
  #rest = ''

  /** The events of `response`, until it ends. */
  async *follow(response: IncomingMessage): AsyncGenerator<ReadEvent> {
    response.setEncoding('utf8')
    for await (const text of response) yield* this.read(text as string)
  }

  /** The events that are whole after `text`. Throws a SyntaxError on data that is not JSON. */
  read(text: string): readonly ReadEvent[] {
    const blocks = (this.#rest + text).split('\n\n')
    this.#rest = blocks.pop() ?? ''
    if (this.#rest.length > EVENT_LENGTH_MAX) throw new SyntaxError('an event is too long')
    return blocks.flatMap((block) => {
      const event = readBlock(block)
      return event === undefined ? [] : [event]
    })
  }
}

/** Comments and blocks without data are no events. */
function readBlock(block: string): ReadEvent | undefined {
  let id = 0
  let data: string | undefined
  for (const line of block.split('\n')) {
    if (line.startsWith('id: ')) id = Number(line.slice(4))
    if (line.startsWith('data: ')) data = line.slice(6)
  }
  return data === undefined ? undefined : { id, data: JSON.parse(data) as unknown }
}
