/**
 * The way into a mesh: dials the inviter of a code and goes through the exchange.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { Random } from '../../core/random.ts'
import {
  type Admission,
  CLOCK_SKEW_MS_MAX,
  decodeInviteCode,
  type InviteCode,
  JOIN_FRAME_BYTES_MAX,
  JOIN_PROTOCOL,
  type JoinCode,
  JoinError,
  type JoinerInput,
  JoinerMachine,
  type JoinerOutput,
  type Membership,
  NONCE_BYTES,
} from '../../protocols/join/index.ts'
import type { Link, Network } from '../network/network.ts'
import { runExchange, schedule } from './exchange.ts'
import type { OwnMembership } from './membership-file.ts'

export interface JoinComponents {
  readonly network: Network
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
}

export interface JoinRequest {
  /** As it was pasted. */
  readonly code: string
  readonly signal: AbortSignal
  /** Writes the membership down before the inviter is told that it has arrived. */
  readonly keep: (membership: OwnMembership) => Promise<void>
}

export interface Joined {
  readonly membership: OwnMembership
  readonly inviter: Admission
  /** Where the inviter was reached. */
  readonly addresses: readonly string[]
}

/** How long a joiner waits for the inviter to note that the grant has arrived, in ms. */
const NOTED_MS_MAX = 2_000

/** @throws {JoinError} whose code says why; what aborted `request.signal`; what `keep` threw. */
export async function joinByCode(
  components: JoinComponents,
  request: JoinRequest,
): Promise<Joined> {
  const code = readCode(components, request.code)
  const link = await openLink(components.network, code, request.signal)
  const membership = await exchange(components, { ...request, invite: code, link })
  return { membership, inviter: membership.inviter, addresses: code.addresses }
}

function readCode({ crypto, clock, signer }: JoinComponents, pasted: string): InviteCode {
  const decoded = decodeInviteCode(pasted, crypto.sha256)
  if (decoded.type === 'refused') throw new JoinError({ code: decoded.code })
  const { code } = decoded
  // Within the bounds of a wrong clock the inviter decides; beyond, it need not be asked.
  if (clock.wallMs() >= code.expiresMs + CLOCK_SKEW_MS_MAX) {
    throw new JoinError({ code: 'JOIN_INVITE_EXPIRED' })
  }
  if (code.inviter === signer.peer) {
    throw new JoinError({ code: 'JOIN_NO_MESH', detail: 'the invite was made by this device' })
  }
  return code
}

async function openLink(network: Network, code: InviteCode, signal: AbortSignal): Promise<Link> {
  const { addresses } = code
  const frameBytesMax = JOIN_FRAME_BYTES_MAX
  try {
    return await network.open(code.inviter, JOIN_PROTOCOL, { frameBytesMax, addresses, signal })
  } catch (error) {
    signal.throwIfAborted()
    const detail = addresses.length === 0 ? 'the code holds no address' : addresses.join(', ')
    throw new JoinError({ code: 'JOIN_UNREACHABLE', detail }, { cause: error })
  }
}

function exchange(
  components: JoinComponents,
  request: JoinRequest & { readonly invite: InviteCode; readonly link: Link },
): Promise<Membership> {
  const { signer, crypto, clock, random } = components
  const { link, signal, invite, keep } = request
  const machine = new JoinerMachine({
    code: invite,
    self: signer.peer,
    remote: link.peer,
    crypto,
    nonce: random.bytes(NONCE_BYTES),
    wallMs: clock.wallMs(),
  })
  const { promise, resolve, reject } = Promise.withResolvers<Membership>()
  const onAbort = (): void => {
    // Once it is being written down, the membership is ours: too late to change one's mind.
    if (granted !== undefined) return
    link.abort()
    reject(signal.reason)
  }
  let granted: Membership | undefined
  let joined = false
  let keepError: unknown
  let cancelWait = (): void => undefined
  const finish = (): void => {
    if (!joined || granted === undefined) return
    cancelWait()
    void link.close()
    resolve(granted)
  }
  const perform = (output: JoinerOutput, feed: (input: JoinerInput) => void): void => {
    switch (output.type) {
      case 'send':
        link.send(output.frame)
        break
      case 'keep':
        granted = output.membership
        keep(output.membership).then(
          () => feed({ type: 'kept' }),
          (error: unknown) => {
            keepError = error
            feed({ type: 'keep-failed' })
          },
        )
        break
      case 'joined':
        joined = true
        // The inviter ends the link once it has noted the delivery; that it is late changes nothing.
        if (link.open) cancelWait = schedule(clock, clock.monotonicMs() + NOTED_MS_MAX, finish)
        else finish()
        break
      case 'failed':
        void link.close()
        reject(failure(output.code, keepError))
        break
    }
  }
  signal.addEventListener('abort', onAbort, { once: true })
  runExchange<JoinerInput, JoinerOutput>({ link, clock, machine, perform, onEnd: finish })
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

function failure(code: JoinCode, cause: unknown): JoinError {
  return new JoinError({ code }, cause === undefined ? undefined : { cause })
}
