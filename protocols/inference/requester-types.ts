/**
 * What goes into the machine of a session's requester, and what comes out.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { InferenceCode } from './errors.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { OpenRecord, ReadyRecord, SignedReceipt } from './records.ts'
import type { ExpectedTensor } from './tensor-fit.ts'

export type RequesterInput =
  | { readonly type: 'start'; readonly peers: readonly PeerId[] }
  | { readonly type: 'submit'; readonly request: number; readonly tensors: readonly Tensor[] }
  | {
      readonly type: 'message'
      readonly stage: number
      readonly epoch: number
      readonly message: InferenceMessage
    }
  | {
      readonly type: 'lost'
      readonly stage: number
      readonly epoch: number
      readonly code: InferenceCode
    }
  /** The answer to `replace`; undefined when there is nobody. */
  | { readonly type: 'replacement'; readonly stage: number; readonly peer: PeerId | undefined }
  /** Steps of a text below `until` hold the token drawn before and no other: the ring may make them. */
  | { readonly type: 'free'; readonly until: number }
  /** Opens a stage at `peer` as well, so that no loading is to be waited for when its holder is lost. */
  | { readonly type: 'stand-by'; readonly stage: number; readonly peer: PeerId }
  | { readonly type: 'finish' }

export type RequesterOutput =
  | {
      readonly type: 'open'
      readonly stage: number
      readonly peer: PeerId
      readonly epoch: number
      readonly message: InferenceMessage
    }
  | {
      readonly type: 'send'
      readonly stage: number
      readonly epoch: number
      readonly message: InferenceMessage
    }
  /** Forget a seat: nothing more goes to it. */
  | { readonly type: 'drop'; readonly stage: number; readonly epoch: number }
  | {
      readonly type: 'replace'
      readonly stage: number
      /** Who held it so far, the latest last. */
      readonly excluded: readonly PeerId[]
      readonly code: InferenceCode
    }
  | {
      readonly type: 'loading'
      readonly stage: number
      readonly peer: PeerId
      readonly bytesDone: number
      readonly bytesTotal: number
      /** Texts that get memory there before this one; undefined when it waits for none. */
      readonly waiting: number | undefined
    }
  | {
      readonly type: 'ready'
      readonly stage: number
      readonly epoch: number
      readonly peer: PeerId
      readonly record: ReadyRecord
      /** Round trip to its holder, in milliseconds; undefined before the first pong. */
      readonly rttMs: number | undefined
    }
  /** A device has the stage loaded, or has it no more, beside the one that holds it. */
  | {
      readonly type: 'standby'
      readonly stage: number
      readonly peer: PeerId
      readonly ready: boolean
    }
  /** Who was replaced for what it sent, or for saying that of others, was right. */
  | { readonly type: 'cleared'; readonly stage: number; readonly peer: PeerId }
  | { readonly type: 'recovered'; readonly recovery: Recovery }
  | {
      readonly type: 'output'
      readonly output: TensorMessage
      /** From handing it to the first stage until here, in milliseconds. */
      readonly elapsedMs: number
      /** Time on each link: to the first stage, between stages, back; undefined where not known. */
      readonly transfersMs: readonly (number | undefined)[]
    }
  | { readonly type: 'receipt'; readonly stage: number; readonly signed: SignedReceipt }
  | { readonly type: 'closed' }
  | {
      readonly type: 'failed'
      readonly code: InferenceCode
      readonly stage?: number
      readonly request?: number
    }

/** One replaced stage. */
export interface Recovery {
  readonly stage: number
  readonly from: PeerId
  readonly to: PeerId
  /** Why the stage was replaced. */
  readonly code: InferenceCode
  /** From the moment it was noticed until the successor was ready, in milliseconds. */
  readonly elapsedMs: number
  /** Rows whose keys and values came from the holder before; 0 when the text was run again. */
  readonly copiedRows: number
}

export interface RequesterInit {
  /** What is the same in every `open`. */
  readonly open: Omit<OpenRecord, 'stage' | 'route' | 'fromLayer' | 'toLayer' | 'numericClass'>
  /** The layers of each stage: [from, to). */
  readonly ranges: readonly { readonly fromLayer: number; readonly toLayer: number }[]
  /** Of each stage, the numeric class that it has to be of as long as somebody is; any when undefined. */
  readonly numericClasses?: readonly (Uint8Array | undefined)[]
  /** What the last stage gives, when it is known: other outputs are refused. */
  readonly outputs?: readonly ExpectedTensor[]
  readonly pingMs: number
  /** Silence after which a stage counts as dead, in milliseconds. */
  readonly stallMs: number
  /** How long a stage may sit on a request, or on its opening, without progress, in milliseconds. */
  readonly progressMs: number
  readonly recoveriesMax: number
  /** How long to wait for receipts at the end, in milliseconds. */
  readonly receiptMs: number
  /**
   * Bytes a millisecond that may be expected of the link from one device to another. Without it
   * nothing is copied when a stage moves: the text is run again.
   */
  readonly bytesPerMs?: (from: PeerId, to: PeerId) => number
}

/** A request that was submitted and has no output yet. */
export interface Outstanding {
  readonly tensors: readonly Tensor[]
  sentMs: number
  sent: boolean
  /** True when the ring makes it without being sent it. */
  left: boolean
  /** Stages that failed on this request: a second one ends the session, since the request is at fault. */
  failures: number
  /** How often a stage could not use what the one before made of it. */
  complaints: number
}
