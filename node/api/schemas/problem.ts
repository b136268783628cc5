/**
 * What went wrong, as every answer that is no success says it (RFC 9457).
 *
 * @module
 */

import { z } from 'zod'

export const problemSchema = z.object({
  type: z.string().describe('`about:blank#CODE`: there is no page to fetch, `brume explain` tells'),
  title: z.string().describe('what the code means, in general'),
  status: z.int(),
  detail: z.string().describe('what happened this time'),
  code: z.string().describe('stable code of the failure'),
  hint: z.string().describe('what to do about it'),
  retryable: z.boolean().describe('whether the same request may succeed later without a change'),
  component: z.string().describe('the part of Brume that the failure comes from'),
  exit: z.int().describe('exit code of the command line for this failure'),
  details: z.record(z.string(), z.unknown()).describe('facts, typed by the code'),
})

export type Problem = z.infer<typeof problemSchema>
