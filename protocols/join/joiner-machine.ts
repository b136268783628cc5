/**
 * The side that wants in: it sees the mesh proven before it proves the secret of its code.
 *
 *     idle      opened → asking, sends ask
 *     asking    proof that holds → claiming, sends claim
 *     claiming  grant that holds → keeping, outputs keep
 *     keeping   kept → over, sends done, joined
 *     any       refuse, wrong frame, end or deadline → over, failed
 *
 * @module
 */

import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { type Certificate, type CertificateChain, verifyChain } from './certificate.ts'
import type { JoinCode } from './errors.ts'
import type { Admission } from './hello-machine.ts'
import { type VerifiedGenesis, verifyGenesis } from './genesis.ts'
import { type InviteCode, meshPrefixOf } from './invite-code.ts'
import { JOIN_EXCHANGE_MS_MAX, JOIN_VERSION } from './limits.ts'
import { decodeJoin, encodeJoin, type JoinMessage } from './messages.ts'
import { type ExchangeBinding, inviteIdOf, isBindingSigned, proveSecret } from './secret-proof.ts'

export type JoinerInput =
  /** The link to the inviter is open. */
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The link is over. */
  | { readonly type: 'ended' }
  /** Answers to `keep`: the membership is written down, or could not be. */
  | { readonly type: 'kept' }
  | { readonly type: 'keep-failed' }

/** What a joiner has at the end. */
export interface Membership {
  readonly genesis: VerifiedGenesis
  /** Our own. */
  readonly chain: CertificateChain
  readonly certificate: Certificate
  readonly expiresMs: number
  /** Of the device that let us in. */
  readonly inviter: Admission
}

export type JoinerOutput =
  | { readonly type: 'send'; readonly frame: Uint8Array }
  /** Write the membership down and feed `kept`. */
  | { readonly type: 'keep'; readonly membership: Membership }
  | { readonly type: 'joined' }
  | { readonly type: 'failed'; readonly code: JoinCode }

export interface JoinerInit {
  readonly code: InviteCode
  readonly self: PeerId
  /** The peer that the channel has authenticated. */
  readonly remote: PeerId
  readonly crypto: Crypto
  /** Random, of NONCE_BYTES. */
  readonly nonce: Uint8Array
  /** Wall time at the start, in ms since the epoch. */
  readonly wallMs: number
}

type JoinerState =
  | { readonly name: 'idle' }
  | { readonly name: 'asking' }
  | {
      readonly name: 'claiming'
      readonly genesis: VerifiedGenesis
      readonly inviter: Admission
    }
  | { readonly name: 'keeping' }
  | { readonly name: 'over' }

export class JoinerMachine implements Machine<JoinerInput, JoinerOutput> {
  readonly #init: JoinerInit
  #state: JoinerState = { name: 'idle' }
  #deadlineMs: number | undefined

  constructor(init: JoinerInit) {
    this.#init = init
  }

  handle(input: JoinerInput | TimePassed, nowMs: number): readonly JoinerOutput[] {
    if (this.#state.name === 'over') return []
    switch (input.type) {
      case 'opened':
        return this.#onOpened(nowMs)
      case 'frame':
        return this.#onFrame(input.frame)
      case 'ended':
        return this.#state.name === 'keeping' ? [] : this.#fail('JOIN_LINK_LOST')
      case 'kept':
        return this.#onKept()
      case 'keep-failed':
        return this.#state.name === 'keeping' ? this.#fail('JOIN_KEEP_FAILED') : []
      case 'time-passed':
        return this.#deadlineMs !== undefined && nowMs >= this.#deadlineMs
          ? this.#fail('JOIN_TIMEOUT')
          : []
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onOpened(nowMs: number): readonly JoinerOutput[] {
    if (this.#state.name !== 'idle') return []
    const { code, remote, nonce } = this.#init
    // Only the device that the code names may learn even that we hold a code.
    if (remote !== code.inviter) return this.#fail('JOIN_INVITER_UNPROVEN')
    this.#state = { name: 'asking' }
    this.#deadlineMs = nowMs + JOIN_EXCHANGE_MS_MAX
    const { meshPrefix } = code
    return [send({ type: 'ask', version: JOIN_VERSION, meshPrefix, nonce, reserved: undefined })]
  }

  #onFrame(frame: Uint8Array): readonly JoinerOutput[] {
    const decoded = decodeJoin(frame)
    if (decoded.type === 'refused') return this.#fail('JOIN_PROTOCOL_VIOLATION')
    const { message } = decoded
    if (message.type === 'refuse') return this.#fail(message.code)
    if (message.type === 'proof' && this.#state.name === 'asking') return this.#onProof(message)
    if (message.type === 'grant' && this.#state.name === 'claiming') {
      return this.#onGrant(message.chain, this.#state)
    }
    return this.#fail('JOIN_PROTOCOL_VIOLATION')
  }

  #onProof(proof: JoinMessage & { readonly type: 'proof' }): readonly JoinerOutput[] {
    const { code, remote, self, crypto, nonce, wallMs } = this.#init
    const shown = verifyGenesis(proof.genesis, crypto)
    if (shown.type === 'refused') return this.#fail('JOIN_INVITER_UNPROVEN')
    const genesis = shown.verified
    if (meshPrefixOf(genesis.id) !== code.meshPrefix) return this.#fail('JOIN_MESH_MISMATCH')
    const verdict = verifyChain(proof.chain, { genesis, subject: remote, wallMs }, crypto)
    if (verdict.type === 'refused') return this.#fail(verdict.code)
    if (!verdict.certificate.mayInvite) return this.#fail('JOIN_INVITER_NOT_ALLOWED')
    const binding: ExchangeBinding = {
      mesh: genesis.id,
      joiner: self,
      inviter: remote,
      joinerNonce: nonce,
      inviterNonce: proof.nonce,
    }
    if (!isBindingSigned(binding, proof.signature, crypto.verify)) {
      return this.#fail('JOIN_INVITER_UNPROVEN')
    }
    const { certificate, expiresMs } = verdict
    this.#state = { name: 'claiming', genesis, inviter: { peer: remote, certificate, expiresMs } }
    const invite = inviteIdOf(code.secret, crypto.sha256)
    const secretProof = proveSecret(code.secret, binding, crypto.sha256)
    return [send({ type: 'claim', invite, proof: secretProof, reserved: undefined })]
  }

  #onGrant(
    chain: CertificateChain,
    { genesis, inviter }: JoinerState & { readonly name: 'claiming' },
  ): readonly JoinerOutput[] {
    const { self, wallMs, crypto } = this.#init
    const verdict = verifyChain(chain, { genesis, subject: self, wallMs }, crypto)
    if (verdict.type === 'refused') return this.#fail(verdict.code)
    // From here on only our own disk counts.
    this.#state = { name: 'keeping' }
    this.#deadlineMs = undefined
    const { certificate, expiresMs } = verdict
    return [{ type: 'keep', membership: { genesis, chain, certificate, expiresMs, inviter } }]
  }

  #onKept(): readonly JoinerOutput[] {
    if (this.#state.name !== 'keeping') return []
    this.#over()
    return [send({ type: 'done', reserved: undefined }), { type: 'joined' }]
  }

  #fail(code: JoinCode): readonly JoinerOutput[] {
    this.#over()
    return [{ type: 'failed', code }]
  }

  #over(): void {
    this.#state = { name: 'over' }
    this.#deadlineMs = undefined
  }
}

function send(message: JoinMessage): JoinerOutput {
  return { type: 'send', frame: encodeJoin(message) }
}
