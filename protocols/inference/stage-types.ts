/**
 * What goes into the machine of one stage, and what comes out.
 *
 * @module
 */

import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import type { FaultCode } from './faults.ts'
import type { InferenceMessage, TensorMessage } from './messages.ts'
import type { AttachRecord, OpenRecord, ReadyRecord, Receipt, RouteStage } from './records.ts'
import type { StageTape } from './stage-tally.ts'
import type { TextRows } from './text-rows.ts'

export type StageInput =
  | {
      readonly type: 'loading'
      readonly bytesDone: number
      readonly bytesTotal: number
      /** Texts that get memory here before this one; undefined when it waits for none. */
      readonly waiting: number | undefined
    }
  | { readonly type: 'loaded'; readonly ready: ReadyRecord }
  /** It cannot be held, or not any longer. */
  | { readonly type: 'load-failed'; readonly code: FaultCode }
  /** From the requester. */
  | { readonly type: 'control'; readonly message: InferenceMessage }
  /** A peer says that it is the stage before this one; its steps come on the link `from`. */
  | {
      readonly type: 'attach'
      readonly from: PeerId
      readonly link: number
      readonly record: AttachRecord
      /** True when steps that came on it before its route were not kept, for want of room. */
      readonly lossy?: boolean
    }
  /** A step on the link that was attached, or from the requester (link undefined). */
  | { readonly type: 'step'; readonly link: number | undefined; readonly step: TensorMessage }
  /** At the first stage of a text: what the last one drew, on the link that it attached. */
  | { readonly type: 'drawn'; readonly link: number; readonly drawn: TensorMessage }
  /** On a way that the holder before attached: what it sent on, and keys and values of its text. */
  | { readonly type: 'kept'; readonly link: number; readonly message: TensorMessage }
  | { readonly type: 'cache'; readonly link: number; readonly message: TensorMessage }
  /** Keys and values of the rows [from, to), as they were asked for. */
  | {
      readonly type: 'exported'
      readonly from: number
      readonly to: number
      readonly tensors: readonly Tensor[]
    }
  | { readonly type: 'export-failed' }
  /** The executor has the rows before `to`. */
  | { readonly type: 'imported'; readonly to: number }
  | { readonly type: 'import-failed' }
  /** The successor has so many rows of a copy; none when it takes no more. */
  | { readonly type: 'copy-answer'; readonly rows: number }
  | { readonly type: 'copy-lost' }
  | {
      readonly type: 'ran'
      readonly request: number
      readonly tensors: readonly Tensor[]
      /** How long it waited for the executor, and how long it computed. */
      readonly queueUs: number
      readonly computeUs: number
      /** Its part of that, where others were run with it; all of it when missing. */
      readonly ownUs?: number
    }
  | { readonly type: 'run-failed'; readonly request: number; readonly code: FaultCode }
  | { readonly type: 'executor-died' }
  | { readonly type: 'next-lost'; readonly epoch: number }
  | { readonly type: 'requester-lost' }
  /** The requester has not ordered this work, or not settled what was done of it. */
  | { readonly type: 'unsettled' }
  | { readonly type: 'leave'; readonly reason: string; readonly graceMs: number }

export type StageOutput =
  | {
      readonly type: 'run'
      readonly request: number
      readonly tensors: readonly Tensor[]
      /** Of a text only: the rows that `tensors` are. Runs of one text must keep their order. */
      readonly rows: TextRows | undefined
    }
  | { readonly type: 'reply'; readonly message: InferenceMessage }
  /** Open or re-open the way to the next stage, or home to the first one of a text; everything sent on before is of no use any more. */
  | { readonly type: 'connect-next'; readonly to: RouteStage; readonly attach: AttachRecord }
  /** Open a way to a successor of the next stage, which is fed beside it. */
  | { readonly type: 'connect-shadow'; readonly to: RouteStage; readonly attach: AttachRecord }
  /** The shadow is the next stage from now on. */
  | { readonly type: 'promote-shadow' }
  /** Open a way to the successor of this stage, which takes a copy of its text. */
  | { readonly type: 'connect-copy'; readonly to: RouteStage; readonly attach: AttachRecord }
  | { readonly type: 'end-copy' }
  /** Read, or write, the keys and values of the rows [from, to). */
  | { readonly type: 'export'; readonly from: number; readonly to: number }
  | {
      readonly type: 'import'
      readonly from: number
      readonly to: number
      readonly tensors: readonly Tensor[]
    }
  /** To the stage that gives the copy, on the way that it attached. */
  | { readonly type: 'answer-copy'; readonly message: InferenceMessage }
  | {
      readonly type: 'forward'
      readonly to: 'next' | 'shadow' | 'copy'
      readonly message: InferenceMessage
    }
  /** Ends the session here: unload, and send `receipt` (to be signed) when there is one. */
  | { readonly type: 'end'; readonly receipt?: Receipt }

export interface StageInit {
  readonly open: OpenRecord
  readonly self: PeerId
  readonly requester: PeerId
  readonly sha256: Sha256
  /** Bytes of outputs that the journal may hold. What does not fit is not kept. */
  readonly journalBytesMax: number
  /** Keeps what went through; undefined where nobody will have it run again. */
  readonly tape?: StageTape | undefined
}
