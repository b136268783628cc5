import { describe, expect, it } from 'vitest'
import { readEvents } from './server-sent-events.ts'

async function* chunked(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size)
}

async function read(text: string, size: number): Promise<string[]> {
  const events: string[] = []
  for await (const event of readEvents(chunked(text, size))) events.push(event)
  return events
}

const STREAM =
  'retry: 1000\n\nid: 1\nevent: note\ndata: {"é":1}\n\n: alive\n\ndata: a\ndata:b\n\nid: 2'

describe('readEvents', () => {
  it.each([1, 2, 3, 7, 1000])('gives the same events from chunks of %i bytes', async (size) => {
    expect(await read(STREAM, size)).toEqual(['{"é":1}', 'a\nb'])
  })

  it('drops an event that does not end', async () => {
    expect(await read('data: half', 4)).toEqual([])
  })
})
