import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import type { Envelope } from '../../protocols/inference/index.ts'
import { LinkHub } from '../../test/fixtures/link-hub.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import type { Link } from '../network/network.ts'
import { InferenceLink } from './inference-link.ts'
import { localLinkPair } from './local-link.ts'
import { OutboundLinks } from './outbound-links.ts'

const [self, peer] = ['self', 'peer'] as [PeerId, PeerId]

/** Our links, and a peer that writes down what comes on which of them. */
function setup() {
  const hub = new LinkHub()
  const network = hub.device(self)
  const links: { readonly link: InferenceLink; readonly heard: string[] }[] = []
  const accept = (link: Link): void => {
    const heard: string[] = []
    const onEnvelope = ({ slot, epoch, message }: Envelope) =>
      heard.push(
        `${slot}/${epoch} ${message.type}${message.type === 'release' ? message.request : ''}`,
      )
    links.push({ link: new InferenceLink(link, { onEnvelope, onEnd: () => undefined }), heard })
  }
  const serve = () =>
    hub.device(peer).handle({
      id: '/brume/inference/1',
      frameBytesMax: 1,
      linksPerPeerMax: 1,
      membersOnly: true,
      accept,
    })
  serve()
  const outbound = new OutboundLinks({
    network,
    logger: SILENT_LOGGER,
    openLocal: () => {
      const [ours, theirs] = localLinkPair(self)
      accept(theirs)
      return ours
    },
  })
  const seen: string[] = []
  const open = (name: string, to: PeerId = peer, epoch = 0) =>
    outbound.openSlot(to, epoch, {
      onMessage: ({ type }) => seen.push(`${name} ${type}`),
      onEnd: (code) => seen.push(`${name} ${code}`),
    })
  const heard = () => links.map((link) => link.heard)
  return { hub, outbound, links, heard, open, seen, serve }
}

const release = (request: number) => ({ type: 'release', request }) as const

describe('outbound links', () => {
  it('opens one link to a peer, shared by slots', async () => {
    const { open, heard, links, seen } = setup()
    open('a').send({ type: 'ping' })
    open('b', peer, 3).send({ type: 'close' })
    await settle()
    open('c').send({ type: 'ping' })
    await settle()
    expect(heard()).toEqual([['1/0 ping', '2/3 close', '3/0 ping']])

    links[0]?.link.send({ slot: 2, epoch: 0, message: { type: 'ping' } })
    links[0]?.link.send({ slot: 9, epoch: 0, message: { type: 'ping' } })
    await settle()
    expect(seen).toEqual(['b ping'])
  })

  it('opens a link ahead of its first slot, and once', async () => {
    const { outbound, open, links, heard } = setup()
    outbound.prepare(peer)
    outbound.prepare(peer)
    await settle()
    expect(links).toHaveLength(1)
    open('a').send({ type: 'ping' })
    outbound.prepare(peer)
    await settle()
    expect(heard()).toEqual([['1/0 ping']])
  })

  it('tries again for a slot when what was opened ahead failed', async () => {
    const { hub, outbound, open, heard, serve, seen } = setup()
    hub.kill(peer)
    outbound.prepare(peer)
    await settle()
    serve()
    open('a').send({ type: 'ping' })
    await settle()
    expect([heard(), seen]).toEqual([[['1/0 ping']], []])
  })

  it('keeps the order of what is sent before, while and after the link opens', async () => {
    const { open, heard } = setup()
    const slot = open('a')
    slot.send(release(0))
    slot.send(release(1))
    for (let request = 2; request < 8; request++) {
      await Promise.resolve()
      slot.send(release(request))
    }
    await settle()
    slot.send(release(8))
    await settle()
    const expected = Array.from({ length: 9 }, (_, request) => `1/0 release${request}`)
    expect(heard()).toEqual([expected])
  })

  it('ends every slot once when the link cannot be opened, and tries again for the next', async () => {
    const { hub, open, seen, serve, heard } = setup()
    hub.kill(peer)
    const slot = open('a')
    slot.send({ type: 'ping' })
    open('b')
    await settle()
    slot.send({ type: 'ping' })
    await settle()
    expect(seen).toEqual(['a INFERENCE_LINK_LOST', 'b INFERENCE_LINK_LOST'])

    serve()
    open('c').send({ type: 'ping' })
    await settle()
    expect(heard()).toEqual([['1/0 ping']])
  })

  it('ends every slot once when the link is lost, and opens another link for the next', async () => {
    const { open, seen, links, heard } = setup()
    const slot = open('a')
    slot.send({ type: 'ping' })
    await settle()
    links[0]?.link.abort()
    await settle()
    slot.send({ type: 'ping' })
    open('b').send({ type: 'ping' })
    await settle()
    expect(seen).toEqual(['a INFERENCE_LINK_LOST'])
    expect(heard()).toEqual([['1/0 ping'], ['1/0 ping']])
  })

  it('tells a slot nothing after it was closed, and still sends what it had said', async () => {
    const { open, seen, links, heard } = setup()
    const slot = open('a')
    slot.send({ type: 'ping' })
    slot.send({ type: 'close' })
    slot.close()
    slot.close()
    await settle()
    links[0]?.link.send({ slot: 1, epoch: 0, message: { type: 'ping' } })
    links[0]?.link.abort()
    await settle()
    expect([heard(), seen]).toEqual([[['1/0 ping', '1/0 close']], []])
  })

  it('reaches this device itself without the network', async () => {
    const { open, heard } = setup()
    open('a', self).send({ type: 'ping' })
    await settle()
    expect(heard()).toEqual([['1/0 ping']])
  })

  it('ends its links when it stops, those that are being opened included', async () => {
    const { outbound, open, seen } = setup()
    open('a')
    await settle()
    open('b', self)
    await outbound.stop()
    await settle()
    expect(seen.toSorted()).toEqual(['a INFERENCE_LINK_LOST', 'b INFERENCE_LINK_LOST'])
  })
})
