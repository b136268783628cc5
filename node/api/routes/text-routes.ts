/**
 * Routes about texts.
 *
 * @module
 */

import { z } from 'zod'
import { ApiError } from '../errors.ts'
import { answers, type Route, streams } from '../route.ts'
import { textEventSchema, textListSchema, textSchema, textSpec } from '../schemas/texts.ts'

const textParams = z.strictObject({ id: z.string().min(1).max(64) })

/** `found`, or the error that says that there is no such text. */
function textOr404<T>(found: T | undefined, text: string): T {
  if (found === undefined) throw new ApiError({ code: 'API_TEXT_UNKNOWN', text })
  return found
}

export const textRoutes: readonly Route[] = [
  answers({
    method: 'POST',
    path: '/v1/texts',
    summary: 'Let a model write on from a prompt or a conversation',
    body: textSpec,
    largeBody: true,
    status: 202,
    answer: textSchema,
    handle: ({ backend, body, signal }) => backend.generate(body, signal),
  }),
  answers({
    method: 'POST',
    path: '/v1/texts/:id/resume',
    summary: 'Take up a text again that was not written to its end',
    params: textParams,
    status: 202,
    answer: textSchema,
    handle: ({ backend, params, signal }) => backend.resumeText(params.id, signal),
  }),
  answers({
    method: 'GET',
    path: '/v1/texts',
    summary: 'Texts that are being written, and the last that were',
    status: 200,
    answer: textListSchema,
    handle: ({ backend }) => backend.texts(),
  }),
  answers({
    method: 'GET',
    path: '/v1/texts/:id',
    summary: 'One text: what was said, where, and how quickly',
    params: textParams,
    status: 200,
    answer: textSchema,
    handle: async ({ backend, params }) => textOr404(await backend.text(params.id), params.id),
  }),
  streams({
    method: 'GET',
    path: '/v1/texts/:id/events',
    summary: 'The tokens of a text and what happens to it, as it happens',
    params: textParams,
    event: textEventSchema,
    feed: ({ backend, params }) => textOr404(backend.textEvents(params.id), params.id),
  }),
  answers({
    method: 'DELETE',
    path: '/v1/texts/:id',
    summary: 'Stop a text',
    params: textParams,
    status: 200,
    answer: textSchema,
    handle: async ({ backend, params }) =>
      textOr404(await backend.cancelText(params.id), params.id),
  }),
]
