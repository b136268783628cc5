/**
 * What a daemon writes down of a text, to take it up again: its request as the API has it, and what
 * was decided since.
 *
 * @module
 */

import { z } from 'zod'
import { textSpec } from './texts.ts'

export const keptTextSchema = z.strictObject({
  version: z.literal(1),
  createdMs: z.int().min(0),
  seed: z.int().min(0),
  promptTokens: z.int().min(1),
  /** With the wire of its plan, which may not be chosen again. */
  request: textSpec,
})

/** What a text was asked for. */
export type AskedText = Omit<z.output<typeof keptTextSchema>, 'version'>
