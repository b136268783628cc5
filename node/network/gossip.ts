/**
 * Announcements to the whole mesh by gossipsub: for small and rare news, never for work.
 *
 * @module
 */

import { type GossipSub, type Message, TopicValidatorResult, gossipsub } from '@libp2p/gossipsub'
import { toHex } from '../../core/bytes.ts'
import { asPeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Admission } from './admission.ts'
import { gossipScores } from './gossip-scores.ts'
import type { GossipMessage, Network } from './network.ts'
import type { GossipInit } from './network-init.ts'

type Subscribe = Parameters<Network['subscribe']>
type GossipFactory = ReturnType<typeof gossipsub>

interface Subscription {
  readonly check: Subscribe[1]
  readonly listener: Subscribe[2]
}

const VERDICTS = {
  accept: TopicValidatorResult.Accept,
  ignore: TopicValidatorResult.Ignore,
  reject: TopicValidatorResult.Reject,
} as const

/** Bytes of a signature, a sender and a topic around the data of a message, generously. */
const ENVELOPE_BYTES_MAX = 4096
/**
 * Time between two looks at who passes on to whom, and what the others may have missed, in ms.
 *
 * By default a second: news is sent at once in any case, and looking costs an idle device more
 * than all of its news.
 */
const UPKEEP_MS = 5_000
/** A peer that does not read loses its gossip stream beyond this. */
const OUTBOUND_BYTES_MAX = 4 * 1024 * 1024

export class Gossip {
  readonly #init: GossipInit
  readonly #subscriptions = new Map<string, Subscription>()
  #pubsub: GossipSub | undefined

  constructor(init: GossipInit) {
    this.#init = init
  }

  /** Before the network starts. */
  subscribe(topic: string, check: Subscribe[1], listener: Subscribe[2]): void {
    invariant(this.#pubsub === undefined, 'topics are subscribed before the network starts')
    this.#subscriptions.set(topic, { check, listener })
  }

  /** Gossipsub as a service of libp2p. */
  service(admission: Admission): GossipFactory {
    const topics = [...this.#subscriptions.keys()]
    const create = gossipsub({
      globalSignaturePolicy: 'StrictSign',
      fallbackToFloodsub: false,
      D: this.#init.degree,
      Dlo: this.#init.degreeMin,
      Dhi: this.#init.degreeMax,
      Dlazy: this.#init.degreeLazy,
      gossipFactor: 0.1,
      Dout: 1,
      allowPublishToZeroTopicPeers: true,
      ignoreDuplicatePublishError: true,
      emitSelf: false,
      doPX: false,
      allowedTopics: topics,
      heartbeatInterval: UPKEEP_MS,
      // Announcements are not much longer than a note that says they are not wanted again.
      idontwantMinDataSize: this.#init.messageBytesMax + ENVELOPE_BYTES_MAX,
      maxInboundDataLength: this.#init.messageBytesMax + ENVELOPE_BYTES_MAX,
      maxOutboundBufferSize: OUTBOUND_BYTES_MAX,
      // Known before the signature is checked: else every duplicate is verified anew.
      fastMsgIdFn: (message) =>
        toHex(message.from ?? new Uint8Array()) + toHex(message.seqno ?? new Uint8Array()),
      ...gossipScores(topics, UPKEEP_MS),
    })
    return (components) => create(admission.memberView(components))
  }

  /** Once libp2p runs. */
  start(pubsub: GossipSub): void {
    this.#pubsub = pubsub
    pubsub.addEventListener('message', ({ detail }) => this.#receive(detail))
    for (const [topic, { check }] of this.#subscriptions) {
      pubsub.topicValidators.set(topic, (_, message) => {
        const checked = read(message)
        return checked === undefined ? TopicValidatorResult.Reject : VERDICTS[check(checked)]
      })
      pubsub.subscribe(topic)
    }
  }

  async publish(topic: string, data: Uint8Array): Promise<void> {
    invariant(data.byteLength <= this.#init.messageBytesMax, 'an announcement is short')
    await this.#pubsub?.publish(topic, data)
  }

  #receive(message: Message): void {
    const checked = read(message)
    if (checked !== undefined) this.#subscriptions.get(message.topic)?.listener(checked)
  }
}

/** The message as the daemon sees it; undefined when its author is no Ed25519 key. */
function read(message: Message): GossipMessage | undefined {
  if (message.type !== 'signed') return undefined
  const from = asPeerId(message.from.toString())
  return from === undefined ? undefined : { from, data: message.data }
}
