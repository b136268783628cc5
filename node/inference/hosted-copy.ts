/**
 * The copy of a text's keys and values at one hosted stage: its ways, and its calls to the executor.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { InvariantError } from '../../core/invariant.ts'
import type { Logger } from '../../core/logger.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  InferenceError,
  type InferenceMessage,
  type StageInput,
  type StageOutput,
  type TensorMessage,
} from '../../protocols/inference/index.ts'
import type { ByteBudget } from './byte-budget.ts'
import type { HostedText } from './hosted-text.ts'
import type { OutboundLinks, Slot } from './outbound-links.ts'

/** What the machine of a stage has done for a copy, beside what it forwards. */
export type CopyOutput = StageOutput & {
  readonly type: 'connect-copy' | 'end-copy' | 'answer-copy' | 'export' | 'import'
}

const COPY_OUTPUTS: ReadonlySet<StageOutput['type']> = new Set<CopyOutput['type']>([
  'connect-copy',
  'end-copy',
  'answer-copy',
  'export',
  'import',
])

export interface HostedCopyComponents {
  readonly logger: Logger
  readonly outbound: OutboundLinks
  readonly requester: PeerId
  /** What rows that wait for the executor count against; those of this device itself do not. */
  readonly waiting: ByteBudget | undefined
  /** The text of this stage, once there is room for it. */
  readonly text: () => HostedText | undefined
  readonly feed: (input: StageInput) => void
}

export class HostedCopy {
  readonly #components: HostedCopyComponents
  /** To the successor of this stage. */
  #way: Slot | undefined
  /** To the holder before this one. */
  #answer: ((message: InferenceMessage) => void) | undefined
  /** Bytes that came for the journal. */
  #keptBytes = 0

  constructor(components: HostedCopyComponents) {
    this.#components = components
  }

  /** The holder before attached a way; `answer` goes back on it. */
  answerWith(answer: (message: InferenceMessage) => void): void {
    this.#answer = answer
  }

  /** What the holder before sent on, for the journal: no more than this stage would have sent itself. */
  keep(link: number, message: TensorMessage): void {
    const { text, feed } = this.#components
    this.#keptBytes += bytesOf(message.tensors)
    const fits = this.#keptBytes <= (text()?.sentBytesMax ?? 0)
    feed(fits ? { type: 'kept', link, message } : { type: 'import-failed' })
  }

  /** Sends to the successor. */
  send(message: InferenceMessage): void {
    this.#way?.send(message)
  }

  perform(output: CopyOutput): void {
    switch (output.type) {
      case 'connect-copy':
        this.#connect(output)
        return
      case 'end-copy':
        this.end()
        return
      case 'answer-copy':
        this.#answer?.(output.message)
        return
      case 'export':
        this.#export(output)
        return
      case 'import':
        this.#import(output)
        return
    }
  }

  /** Tells the successor that nothing more comes. */
  end(): void {
    this.#way?.send({ type: 'close' })
    this.#way?.close()
    this.#way = undefined
  }

  #connect({ to, attach: record }: CopyOutput & { readonly type: 'connect-copy' }): void {
    const { outbound, feed } = this.#components
    this.end()
    const way: Slot = outbound.openSlot(to.peer, record.epoch, {
      onMessage: (message) => {
        const isAnswer = message.type === 'copied' && this.#way === way
        if (isAnswer) feed({ type: 'copy-answer', rows: message.rows })
      },
      onEnd: () => {
        if (this.#way === way) feed({ type: 'copy-lost' })
      },
    })
    this.#way = way
    way.send({ type: 'attach', record })
  }

  #export({ from, to }: CopyOutput & { readonly type: 'export' }): void {
    this.#text.exportRows(from, to).then(
      (tensors) => this.#components.feed({ type: 'exported', from, to, tensors }),
      (error: unknown) => this.#onFailed('export-failed', error),
    )
  }

  /** Rows that wait for the executor count as tensors that wait do. */
  #import({ from, to, tensors }: CopyOutput & { readonly type: 'import' }): void {
    const { waiting, requester, feed } = this.#components
    const bytes = bytesOf(tensors)
    if (waiting?.take(requester, bytes) === false) {
      this.#onFailed('import-failed', new InferenceError({ code: 'INFERENCE_OVERLOADED' }))
      return
    }
    const give = (): void => waiting?.give(requester, bytes)
    this.#text
      .importRows(from, to, tensors)
      .finally(give)
      .then(
        () => feed({ type: 'imported', to }),
        (error: unknown) => this.#onFailed('import-failed', error),
      )
  }

  /** Nothing is copied before the stage serves. */
  get #text(): HostedText {
    const text = this.#components.text()
    if (text === undefined) throw new InvariantError('a copy without a text')
    return text
  }

  /** The text goes on all the same: the successor is fed. */
  #onFailed(type: 'export-failed' | 'import-failed', error: unknown): void {
    this.#components.logger.info('keys and values not copied', { type, error })
    this.#components.feed({ type })
  }
}

export function isCopyOutput(output: StageOutput): output is CopyOutput {
  return COPY_OUTPUTS.has(output.type)
}

function bytesOf(tensors: readonly Tensor[]): number {
  return tensors.reduce((sum, { data }) => sum + data.length, 0)
}
