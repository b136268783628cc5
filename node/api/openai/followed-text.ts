/**
 * One text from its request to its end, for one client: when the client is gone, the text is stopped.
 *
 * @module
 */

import type { TextBackend } from '../backend.ts'
import { ApiError } from '../errors.ts'
import { ProblemError } from '../problem.ts'
import type { TextEventView, TextRequest, TextView } from '../schemas/texts.ts'

export interface FollowedText {
  /** As it was taken; its numbers of tokens are not final. */
  readonly text: TextView
  /** Ends after `done`; throws when the text ends in any other way. */
  readonly events: AsyncGenerator<TextEventView>
}

/**
 * Asks for a text and follows it.
 *
 * @throws {CodedError} when there is no such text to be written.
 */
export async function followText(
  backend: TextBackend,
  request: TextRequest,
  signal: AbortSignal,
): Promise<FollowedText> {
  const text = await backend.generate(request, signal)
  return { text, events: eventsOf(backend, text.id, signal) }
}

/** @throws {ProblemError} when the text fails; {ApiError} API_TEXT_CANCELLED, API_STOPPING. */
async function* eventsOf(
  backend: TextBackend,
  id: string,
  signal: AbortSignal,
): AsyncGenerator<TextEventView> {
  const feed = backend.textEvents(id)
  if (feed === undefined) throw new ApiError({ code: 'API_TEXT_UNKNOWN', text: id })
  let over = false
  try {
    for await (const { event } of feed.follow(0, signal)) {
      over = event.type === 'done' || event.type === 'failed' || event.type === 'cancelled'
      if (event.type === 'failed') throw new ProblemError(event.error)
      if (event.type === 'cancelled') throw new ApiError({ code: 'API_TEXT_CANCELLED', text: id })
      yield event
    }
    // Nobody hears this but a client that outlives the daemon.
    if (!over) throw new ApiError({ code: 'API_STOPPING' })
  } finally {
    if (!over) await backend.cancelText(id)
  }
}
