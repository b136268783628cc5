import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { EventReader } from './event-reader.ts'

const STREAM = [
  'retry: 1000\n\n',
  'id: 1\nevent: state\ndata: {"type":"state"}\n\n',
  ': alive\n\n',
  'id: 2\nevent: done\ndata: {"type":"done","text":"zwei\\n\\n"}\n\n',
].join('')

describe('event reader', () => {
  it('reads the same events wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(STREAM.length), { maxLength: 10 }), (cuts) => {
        const reader = new EventReader()
        const edges = [0, ...cuts.toSorted((a, b) => a - b), STREAM.length]
        const events = edges.flatMap((edge, index) =>
          reader.read(STREAM.slice(edges[index - 1] ?? 0, edge)),
        )

        expect(events).toEqual([
          { id: 1, data: { type: 'state' } },
          { id: 2, data: { type: 'done', text: 'zwei\n\n' } },
        ])
      }),
    )
  })

  it('keeps back an event that is not whole', () => {
    expect(new EventReader().read('id: 1\ndata: {"type":')).toEqual([])
  })
})
