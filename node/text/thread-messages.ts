/**
 * What the daemon and the thread of a text codec say to each other.
 *
 * @module
 */

import type { TextFailure } from './errors.ts'
import type { ChatMessage, ChatOptions, EncodeOptions, TextInit } from './text-codec.ts'
import type { TokenTableContent } from './token-table.ts'

/** What the thread is given when it starts. */
export type ThreadInit = TextInit

export type ThreadRequest =
  | { readonly type: 'table' }
  | { readonly type: 'encode'; readonly text: string; readonly options: EncodeOptions }
  | {
      readonly type: 'chat'
      readonly messages: readonly ChatMessage[]
      readonly options: ChatOptions
    }

/** One for each request, in their order. */
export type ThreadReply =
  | { readonly type: 'table'; readonly content: TokenTableContent }
  | { readonly type: 'tokens'; readonly tokens: readonly number[] }
  | { readonly type: 'failed'; readonly failure: TextFailure }
