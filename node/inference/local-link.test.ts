import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import type { Link } from '../network/network.ts'
import { localLinkPair } from './local-link.ts'

const self = 'self' as PeerId

/** Reads `link` and writes down what comes. */
function record(link: Link, onFrame: () => void | Promise<void> = () => undefined) {
  const seen: string[] = []
  link.receive({
    onFrame: (frame) => {
      seen.push(`frame ${frame.join()}`)
      return onFrame()
    },
    onEnd: (end) => seen.push(`end ${end}`),
  })
  return seen
}

describe('local link', () => {
  it('brings frames over in order, in one piece, and never within the call that sends', async () => {
    const [here, there] = localLinkPair(self)
    const seen = record(there)
    here.send(Uint8Array.of(1), Uint8Array.of(2))
    here.send(Uint8Array.of(3))
    expect(seen).toEqual([])

    await settle()
    expect([seen, here.peer, there.peer]).toEqual([['frame 1,2', 'frame 3'], self, self])
  })

  it('keeps what was sent before the other side began to read', async () => {
    const [here, there] = localLinkPair(self)
    here.send(Uint8Array.of(1))
    await settle()
    const seen = record(there)
    await settle()
    expect(seen).toEqual(['frame 1'])
  })

  it('holds the sender back while the other side is busy with a frame', async () => {
    const [here, there] = localLinkPair(self)
    const busy = Promise.withResolvers<void>()
    const seen = record(there, () => busy.promise)
    here.send(Uint8Array.of(1, 1))
    here.send(Uint8Array.of(2, 2, 2))
    let drained = false
    void here.drained().then(() => {
      drained = true
    })
    await settle()
    expect([seen, here.bufferedBytes, drained]).toEqual([['frame 1,1'], 3, false])

    busy.resolve()
    await settle()
    expect([seen, here.bufferedBytes, drained]).toEqual([['frame 1,1', 'frame 2,2,2'], 0, true])
  })

  it('delivers what was sent before it was closed, then ends once on both sides', async () => {
    const [here, there] = localLinkPair(self)
    const [ours, theirs] = [record(here), record(there)]
    here.send(Uint8Array.of(1))
    there.send(Uint8Array.of(9))
    await here.close()
    here.send(Uint8Array.of(2))
    await here.close()
    there.abort()
    await settle()
    expect({ ours, theirs }).toEqual({ ours: ['end local'], theirs: ['frame 1', 'end ended'] })
    expect([here.open, there.open]).toEqual([false, false])
  })

  it('drops what is on its way when it is aborted', async () => {
    const [here, there] = localLinkPair(self)
    const [ours, theirs] = [record(here), record(there)]
    here.send(Uint8Array.of(1))
    here.abort()
    await settle()
    expect({ ours, theirs }).toEqual({ ours: ['end local'], theirs: ['end reset'] })
  })

  it('lets a sender go that waits when the link ends', async () => {
    const [here, there] = localLinkPair(self)
    record(there, () => new Promise(() => undefined))
    here.send(Uint8Array.of(1))
    here.send(Uint8Array.of(2))
    await settle()
    const drained = here.drained()
    here.abort()
    await expect(drained).resolves.toBe(undefined)
    await expect(here.drained()).resolves.toBe(undefined)
  })
})
