/**
 * Members show each other their certificates, and joiners are let in: /brume/join/1 over real links.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import {
  type Admission,
  AttemptLimiter,
  type CertificateChain,
  type Credential,
  HELLO_MS_MAX,
  type HelloInput,
  HelloMachine,
  type HelloOutput,
  type HostInput,
  HostMachine,
  type HostOutput,
  type Invite,
  JOIN_FRAME_BYTES_MAX,
  JOIN_PROTOCOL,
  type JoinCode,
  NONCE_BYTES,
} from '../../protocols/join/index.ts'
import type { Link, Network } from '../network/network.ts'
import { runExchange } from './exchange.ts'
import type { InviteBook } from './invite-book.ts'

/** Exchanges that one peer may have open with us. */
const LINKS_PER_PEER_MAX = 4

/** Handshakes that are tried with one peer before it reconnects. */
const ATTEMPTS_MAX = 3

/** Time before a failed handshake is tried again, in ms; it doubles. */
const RETRY_MS = 500

/** Failures after which the same handshake may yet succeed. */
const PASSING: ReadonlySet<JoinCode> = new Set([
  'JOIN_TIMEOUT',
  'JOIN_LINK_LOST',
  'JOIN_UNREACHABLE',
])

export interface HandshakesComponents {
  readonly network: Network
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly invites: InviteBook
  /** What we show; undefined while we are in no mesh. */
  readonly credential: () => Credential | undefined
  /** The chain for a device that has used an invite; undefined when we are in no mesh any more. */
  readonly issue: (subject: PeerId, invite: Invite) => CertificateChain | undefined
  readonly onAdmitted: (admission: Admission) => void
  readonly onRefused: (peer: PeerId, code: JoinCode) => void
}

export class Handshakes {
  readonly #components: HandshakesComponents
  readonly #limiter = new AttemptLimiter()
  readonly #greeting = new Set<PeerId>()
  readonly #stopping = new AbortController()

  constructor(components: HandshakesComponents) {
    this.#components = components
  }

  /** Answers members and joiners from now on. */
  serve(): void {
    this.#components.network.handle({
      id: JOIN_PROTOCOL,
      frameBytesMax: JOIN_FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: false,
      accept: (link) => this.#answer(link),
    })
  }

  stop(): void {
    this.#stopping.abort()
  }

  /**
   * Shows our certificate to a connected peer and wants to see its own. With `outbound`
   * only when we have dialled it: of two that meet, one speaks first.
   */
  greet(peer: PeerId, direction: 'outbound' | 'any'): void {
    const { network, credential } = this.#components
    if (credential() === undefined || this.#greeting.has(peer)) return
    const dialled = network.peers().some((at) => at.peer === peer && at.direction === 'outbound')
    if (direction === 'outbound' && !dialled) return
    this.#greeting.add(peer)
    void this.#greetUntilSettled(peer).finally(() => this.#greeting.delete(peer))
  }

  async #greetUntilSettled(peer: PeerId): Promise<void> {
    const { clock, network, onAdmitted, onRefused } = this.#components
    const { signal } = this.#stopping
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const outcome = await this.#greetOnce(peer)
      if (signal.aborted) return
      if (typeof outcome !== 'string') {
        onAdmitted(outcome)
        return
      }
      const last = attempt + 1 === ATTEMPTS_MAX || !PASSING.has(outcome)
      const connected = network.peers().some((at) => at.peer === peer)
      if (last || !connected) {
        onRefused(peer, outcome)
        return
      }
      await clock.sleep(RETRY_MS * 2 ** attempt, signal)
    }
  }

  async #greetOnce(peer: PeerId): Promise<Admission | JoinCode> {
    const { network, crypto, clock } = this.#components
    const credential = this.#components.credential()
    if (credential === undefined) return 'JOIN_NO_MESH'
    const limit = AbortSignal.any([this.#stopping.signal, AbortSignal.timeout(HELLO_MS_MAX)])
    const options = { frameBytesMax: JOIN_FRAME_BYTES_MAX, signal: limit }
    const link = await network.open(peer, JOIN_PROTOCOL, options).catch(() => undefined)
    if (link === undefined) return 'JOIN_UNREACHABLE'
    const wallMs = clock.wallMs()
    const machine = new HelloMachine({ credential, remote: link.peer, crypto, wallMs })
    const { promise, resolve } = Promise.withResolvers<Admission | JoinCode>()
    const perform = (output: HelloOutput): void => {
      if (output.type === 'send') {
        link.send(output.frame)
        return
      }
      void link.close()
      resolve(output.type === 'admitted' ? output.admission : output.code)
    }
    runExchange<HelloInput, HelloOutput>({ link, clock, machine, perform })
    return promise
  }

  #answer(link: Link): void {
    const { signer, crypto, clock, random, credential } = this.#components
    const machine = new HostMachine({
      credential: credential(),
      signer,
      remote: link.peer,
      crypto,
      nonce: random.bytes(NONCE_BYTES),
      wallMs: clock.wallMs(),
      allowAttempt: (peer) => this.#limiter.allow(peer, clock.monotonicMs()),
    })
    runExchange<HostInput, HostOutput>({
      link,
      clock,
      machine,
      perform: (output, feed) => this.#perform(output, link, feed),
    })
  }

  #perform(output: HostOutput, link: Link, feed: (input: HostInput) => void): void {
    const { invites, onAdmitted, logger } = this.#components
    switch (output.type) {
      case 'send':
        link.send(output.frame)
        break
      case 'look-up':
        feed({ type: 'looked-up', invite: invites.find(output.inviteId) })
        break
      case 'issue':
        void this.#issue(output.invite, output.subject).then(feed)
        break
      case 'admitted':
        onAdmitted(output.admission)
        if (!output.joined) void link.close()
        break
      case 'delivered':
        void link.close()
        invites.delivered(output.inviteId, output.subject).catch((error: unknown) => {
          logger.warn('use of an invite not kept', { error })
        })
        break
      case 'failed':
        logger.debug('exchange failed', { peer: link.peer, code: output.code })
        void link.close()
        break
    }
  }

  async #issue(invite: Invite, subject: PeerId): Promise<HostInput> {
    const { invites, issue, clock } = this.#components
    const code = await invites.take(invite.id, subject, clock.wallMs())
    if (code !== undefined) return { type: 'issue-refused', code }
    const chain = issue(subject, invite)
    return chain === undefined
      ? { type: 'issue-refused', code: 'JOIN_NO_MESH' }
      : { type: 'issued', chain }
  }
}
