/**
 * The side that was called: answers a member's hello, or lets a joiner in.
 *
 *     idle      opened → waiting
 *     waiting   hello that holds → over, sends hello, admitted
 *               ask for our mesh → proven, sends proof
 *     proven    claim → looking, outputs look-up
 *     looking   invite that holds → issuing, outputs issue
 *     issuing   issued → granted, sends grant, admitted
 *     granted   done → over, delivered
 *     any       what does not hold → over, sends refuse, failed
 *
 * @module
 */

import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { type CertificateChain, verifyChain } from './certificate.ts'
import type { JoinCode } from './errors.ts'
import { type Admission, type Credential, helloFrame } from './hello-machine.ts'
import { type Invite, inviteFault } from './invite.ts'
import { meshPrefixOf } from './invite-code.ts'
import { JOIN_EXCHANGE_MS_MAX, JOIN_VERSION } from './limits.ts'
import { asRefusal, decodeJoin, encodeJoin, type JoinMessage } from './messages.ts'
import { type ExchangeBinding, proofsEqual, proveSecret, signBinding } from './secret-proof.ts'

export type HostInput =
  /** A peer has opened a link to us. */
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The link is over. */
  | { readonly type: 'ended' }
  /** Answer to `look-up`. */
  | { readonly type: 'looked-up'; readonly invite: Invite | undefined }
  /** Answers to `issue`: the use of the invite is written down, or could not be. */
  | { readonly type: 'issued'; readonly chain: CertificateChain }
  | { readonly type: 'issue-refused'; readonly code: JoinCode }

export type HostOutput =
  | { readonly type: 'send'; readonly frame: Uint8Array }
  /** Find the invite of this id and feed `looked-up`. */
  | { readonly type: 'look-up'; readonly inviteId: Uint8Array }
  /** Use up one place of the invite for `subject`, durably, and feed `issued`. */
  | { readonly type: 'issue'; readonly invite: Invite; readonly subject: PeerId }
  | { readonly type: 'admitted'; readonly admission: Admission; readonly joined: boolean }
  /** The joiner holds its grant: its place cannot be used again. */
  | { readonly type: 'delivered'; readonly subject: PeerId; readonly inviteId: Uint8Array }
  | { readonly type: 'failed'; readonly code: JoinCode }

export interface HostInit {
  /** None while we are in no mesh. */
  readonly credential: Credential | undefined
  readonly signer: Signer
  /** The peer that the channel has authenticated. */
  readonly remote: PeerId
  readonly crypto: Crypto
  /** Random, of NONCE_BYTES. */
  readonly nonce: Uint8Array
  /** Wall time at the start, in ms since the epoch. */
  readonly wallMs: number
  /** Counts an attempt to join; false when there were too many. */
  readonly allowAttempt: (remote: PeerId) => boolean
}

type HostState =
  | { readonly name: 'idle' | 'waiting' | 'over' }
  | { readonly name: 'proven'; readonly credential: Credential; readonly binding: ExchangeBinding }
  | {
      readonly name: 'looking'
      readonly credential: Credential
      readonly binding: ExchangeBinding
      readonly proof: Uint8Array
    }
  | { readonly name: 'issuing'; readonly credential: Credential; readonly inviteId: Uint8Array }
  | { readonly name: 'granted'; readonly inviteId: Uint8Array }

export class HostMachine implements Machine<HostInput, HostOutput> {
  readonly #init: HostInit
  #state: HostState = { name: 'idle' }
  #deadlineMs: number | undefined

  constructor(init: HostInit) {
    this.#init = init
  }

  handle(input: HostInput | TimePassed, nowMs: number): readonly HostOutput[] {
    if (this.#state.name === 'over') return []
    switch (input.type) {
      case 'opened':
        return this.#onOpened(nowMs)
      case 'frame':
        return this.#onFrame(input.frame)
      case 'ended':
        return this.#fail('JOIN_LINK_LOST')
      case 'looked-up':
        return this.#onLookedUp(input.invite)
      case 'issued':
        return this.#onIssued(input.chain)
      case 'issue-refused':
        return this.#state.name === 'issuing' ? this.#refuse(input.code) : []
      case 'time-passed':
        return nowMs >= (this.#deadlineMs ?? Number.POSITIVE_INFINITY)
          ? this.#fail('JOIN_TIMEOUT')
          : []
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onOpened(nowMs: number): readonly HostOutput[] {
    if (this.#state.name !== 'idle') return []
    this.#state = { name: 'waiting' }
    this.#deadlineMs = nowMs + JOIN_EXCHANGE_MS_MAX
    return []
  }

  #onFrame(frame: Uint8Array): readonly HostOutput[] {
    const decoded = decodeJoin(frame)
    if (decoded.type === 'refused') return this.#refuse('JOIN_PROTOCOL_VIOLATION')
    const { message } = decoded
    if (message.type === 'refuse') return this.#fail(message.code)
    if (message.type === 'claim' && this.#state.name === 'proven') {
      this.#state = { ...this.#state, name: 'looking', proof: message.proof }
      return [{ type: 'look-up', inviteId: message.invite }]
    }
    if (message.type === 'done' && this.#state.name === 'granted') {
      const { inviteId } = this.#state
      this.#over()
      return [{ type: 'delivered', subject: this.#init.remote, inviteId }]
    }
    return this.#state.name === 'waiting'
      ? this.#onFirst(message)
      : this.#refuse('JOIN_PROTOCOL_VIOLATION')
  }

  #onFirst(message: JoinMessage): readonly HostOutput[] {
    if (message.type !== 'hello' && message.type !== 'ask') {
      return this.#refuse('JOIN_PROTOCOL_VIOLATION')
    }
    if (message.version !== JOIN_VERSION) return this.#refuse('JOIN_VERSION_UNSUPPORTED')
    const { credential } = this.#init
    if (credential === undefined) return this.#refuse('JOIN_NO_MESH')
    return message.type === 'hello'
      ? this.#onHello(message, credential)
      : this.#onAsk(message, credential)
  }

  #onHello(
    hello: JoinMessage & { readonly type: 'hello' },
    credential: Credential,
  ): readonly HostOutput[] {
    const { remote, wallMs, crypto } = this.#init
    const { genesis } = credential
    if (hello.mesh !== genesis.id) return this.#refuse('JOIN_MESH_MISMATCH')
    const verdict = verifyChain(hello.chain, { genesis, subject: remote, wallMs }, crypto)
    if (verdict.type === 'refused') return this.#refuse(verdict.code)
    this.#over()
    const { certificate, expiresMs } = verdict
    const admission = { peer: remote, certificate, expiresMs }
    return [
      { type: 'send', frame: helloFrame(credential) },
      { type: 'admitted', admission, joined: false },
    ]
  }

  #onAsk(
    ask: JoinMessage & { readonly type: 'ask' },
    credential: Credential,
  ): readonly HostOutput[] {
    const { remote, signer, crypto, nonce, wallMs, allowAttempt } = this.#init
    const { genesis, chain } = credential
    if (!allowAttempt(remote)) return this.#refuse('JOIN_RATE_LIMITED')
    if (ask.meshPrefix !== meshPrefixOf(genesis.id)) return this.#refuse('JOIN_MESH_MISMATCH')
    const own = verifyChain(chain, { genesis, subject: signer.peer, wallMs }, crypto)
    if (own.type === 'refused') return this.#refuse(own.code)
    if (!own.certificate.mayInvite) return this.#refuse('JOIN_INVITER_NOT_ALLOWED')
    const binding: ExchangeBinding = {
      mesh: genesis.id,
      joiner: remote,
      inviter: signer.peer,
      joinerNonce: ask.nonce,
      inviterNonce: nonce,
    }
    this.#state = { name: 'proven', credential, binding }
    const signature = signBinding(binding, signer)
    const proof = { nonce, genesis: genesis.signed, chain, signature, reserved: undefined }
    return [{ type: 'send', frame: encodeJoin({ type: 'proof', ...proof }) }]
  }

  #onLookedUp(invite: Invite | undefined): readonly HostOutput[] {
    if (this.#state.name !== 'looking') return []
    const { binding, credential, proof } = this.#state
    const { crypto, remote, wallMs } = this.#init
    if (invite === undefined) return this.#refuse('JOIN_INVITE_UNKNOWN')
    const expected = proveSecret(invite.secret, binding, crypto.sha256)
    // Who does not know the secret learns nothing of the invite, not even that it exists.
    if (!proofsEqual(expected, proof)) return this.#refuse('JOIN_INVITE_UNKNOWN')
    const code = inviteFault(invite, remote, wallMs)
    if (code !== undefined) return this.#refuse(code)
    this.#state = { name: 'issuing', credential, inviteId: invite.id }
    return [{ type: 'issue', invite, subject: remote }]
  }

  #onIssued(chain: CertificateChain): readonly HostOutput[] {
    if (this.#state.name !== 'issuing') return []
    const { inviteId, credential } = this.#state
    const { genesis } = credential
    const { remote, wallMs, crypto } = this.#init
    const verdict = verifyChain(chain, { genesis, subject: remote, wallMs }, crypto)
    if (verdict.type === 'refused') return this.#refuse(verdict.code)
    this.#state = { name: 'granted', inviteId }
    const { certificate, expiresMs } = verdict
    const admission = { peer: remote, certificate, expiresMs }
    return [
      { type: 'send', frame: encodeJoin({ type: 'grant', chain, reserved: undefined }) },
      { type: 'admitted', admission, joined: true },
    ]
  }

  #refuse(code: JoinCode): readonly HostOutput[] {
    const frame = encodeJoin({ type: 'refuse', code: asRefusal(code) })
    return [{ type: 'send', frame }, ...this.#fail(code)]
  }

  #fail(code: JoinCode): readonly HostOutput[] {
    this.#over()
    return [{ type: 'failed', code }]
  }

  #over(): void {
    this.#state = { name: 'over' }
    this.#deadlineMs = undefined
  }
}
