/**
 * What can go wrong between this device and the network.
 *
 * Faults of a peer (a frame that is too long, a reset) are not here: they end its link.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'

export type NetworkFailure =
  /** A listen or bootstrap address is no multiaddr of a transport that we have. */
  | { readonly code: 'NETWORK_ADDRESS_INVALID'; readonly address: string }
  /** An address could not be listened on, most often because the port is taken. */
  | {
      readonly code: 'NETWORK_LISTEN_FAILED'
      readonly addresses: readonly string[]
      readonly reason: 'port-taken' | 'not-possible'
    }
  /** No known address of the peer answered as that peer. */
  | { readonly code: 'NETWORK_PEER_UNREACHABLE'; readonly peer: PeerId }
  /** The peer does not speak the protocol, or one side is no member of the other's mesh. */
  | {
      readonly code: 'NETWORK_PROTOCOL_REFUSED'
      readonly peer: PeerId
      readonly protocol: string
      readonly reason: 'not-a-member' | 'not-spoken' | 'closed'
    }
  /** Dialling and agreeing on the protocol took too long. */
  | { readonly code: 'NETWORK_TIMEOUT'; readonly peer: PeerId }

/** A failure to listen, or to reach one peer. */
export class NetworkError extends CodedError<NetworkFailure> {
  constructor(failure: NetworkFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

function describe(failure: NetworkFailure): string {
  switch (failure.code) {
    case 'NETWORK_ADDRESS_INVALID':
      return `expected a multiaddr like /ip4/127.0.0.1/tcp/4101, got ${failure.address}`
    case 'NETWORK_LISTEN_FAILED':
      return `cannot listen on ${failure.addresses.join(', ')}: ${failure.reason}`
    case 'NETWORK_PEER_UNREACHABLE':
      return `peer ${failure.peer} does not answer`
    case 'NETWORK_PROTOCOL_REFUSED':
      return `peer ${failure.peer} and this device do not share ${failure.protocol}: ${failure.reason}`
    case 'NETWORK_TIMEOUT':
      return `peer ${failure.peer} did not answer in time`
  }
}

/** What the faces say about each code of {@link NetworkError}. */
export const NETWORK_ERRORS: ErrorTable<NetworkFailure['code']> = {
  NETWORK_ADDRESS_INVALID: {
    meaning: 'an address in the configuration is not one that this device can use',
    hint: 'write it as a multiaddr, such as /ip4/0.0.0.0/tcp/4101 or /ip4/0.0.0.0/tcp/4102/ws',
    retryable: false,
    exit: 78,
    status: 400,
  },
  NETWORK_LISTEN_FAILED: {
    meaning: 'this device cannot listen on one of its addresses',
    hint: 'another program may hold the port: stop it, or choose another port in the configuration',
    retryable: true,
    exit: 7,
    status: 503,
  },
  NETWORK_PEER_UNREACHABLE: {
    meaning: 'no known address of the other device answers',
    hint: 'check that it is switched on and reachable, then try again',
    retryable: true,
    exit: 5,
    status: 503,
  },
  NETWORK_PROTOCOL_REFUSED: {
    meaning: 'the other device does not talk with this one in the way that was asked for',
    hint: 'check that both devices are in the same mesh and run versions that fit',
    retryable: false,
    exit: 7,
    status: 502,
  },
  NETWORK_TIMEOUT: {
    meaning: 'the other device did not answer in time',
    hint: 'try again; when it stays so, look at its load and its connection',
    retryable: true,
    exit: 6,
    status: 504,
  },
}
