/**
 * The member that opened a connection: shows its certificate first and wants to see the other's.
 *
 * The other side is a {@link HostMachine}.
 *
 * @module
 */

import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { type Certificate, type CertificateChain, verifyChain } from './certificate.ts'
import type { JoinCode } from './errors.ts'
import type { VerifiedGenesis } from './genesis.ts'
import { HELLO_MS_MAX, JOIN_VERSION } from './limits.ts'
import { decodeJoin, encodeJoin } from './messages.ts'

/** What a member shows: the mesh, and how it came to be in it. */
export interface Credential {
  readonly genesis: VerifiedGenesis
  readonly chain: CertificateChain
}

export type HelloInput =
  /** The link to the other member is open. */
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  /** The link is over. */
  | { readonly type: 'ended' }

/** That `peer` is a member until `expiresMs`, in ms since the epoch. */
export interface Admission {
  readonly peer: PeerId
  readonly certificate: Certificate
  readonly expiresMs: number
}

export type HelloOutput =
  | { readonly type: 'send'; readonly frame: Uint8Array }
  | { readonly type: 'admitted'; readonly admission: Admission }
  | { readonly type: 'failed'; readonly code: JoinCode }

export interface HelloInit {
  readonly credential: Credential
  /** The peer that the channel has authenticated. */
  readonly remote: PeerId
  readonly crypto: Crypto
  /** Wall time at the start, in ms since the epoch. */
  readonly wallMs: number
}

/** Our hello. */
export function helloFrame({ genesis, chain }: Credential): Uint8Array {
  const hello = { version: JOIN_VERSION, mesh: genesis.id, chain, reserved: undefined }
  return encodeJoin({ type: 'hello', ...hello })
}

export class HelloMachine implements Machine<HelloInput, HelloOutput> {
  readonly #init: HelloInit
  #state: 'idle' | 'waiting' | 'over' = 'idle'
  #deadlineMs: number | undefined

  constructor(init: HelloInit) {
    this.#init = init
  }

  handle(input: HelloInput | TimePassed, nowMs: number): readonly HelloOutput[] {
    if (this.#state === 'over') return []
    switch (input.type) {
      case 'opened':
        return this.#onOpened(nowMs)
      case 'frame':
        return this.#onFrame(input.frame)
      case 'ended':
        return this.#fail('JOIN_LINK_LOST')
      case 'time-passed':
        return this.#deadlineMs !== undefined && nowMs >= this.#deadlineMs
          ? this.#fail('JOIN_TIMEOUT')
          : []
    }
  }

  deadlineMs(): number | undefined {
    return this.#deadlineMs
  }

  #onOpened(nowMs: number): readonly HelloOutput[] {
    if (this.#state !== 'idle') return []
    this.#state = 'waiting'
    this.#deadlineMs = nowMs + HELLO_MS_MAX
    return [{ type: 'send', frame: helloFrame(this.#init.credential) }]
  }

  #onFrame(frame: Uint8Array): readonly HelloOutput[] {
    const decoded = decodeJoin(frame)
    if (decoded.type === 'refused' || this.#state !== 'waiting') {
      return this.#fail('JOIN_PROTOCOL_VIOLATION')
    }
    const { message } = decoded
    if (message.type === 'refuse') return this.#fail(message.code)
    if (message.type !== 'hello') return this.#fail('JOIN_PROTOCOL_VIOLATION')
    const { credential, remote, wallMs, crypto } = this.#init
    const { genesis } = credential
    if (message.mesh !== genesis.id) return this.#fail('JOIN_MESH_MISMATCH')
    const verdict = verifyChain(message.chain, { genesis, subject: remote, wallMs }, crypto)
    if (verdict.type === 'refused') return this.#fail(verdict.code)
    this.#over()
    const { certificate, expiresMs } = verdict
    return [{ type: 'admitted', admission: { peer: remote, certificate, expiresMs } }]
  }

  #fail(code: JoinCode): readonly HelloOutput[] {
    this.#over()
    return [{ type: 'failed', code }]
  }

  #over(): void {
    this.#state = 'over'
    this.#deadlineMs = undefined
  }
}
