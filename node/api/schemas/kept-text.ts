/**
 * What a daemon writes down of a text, to take it up again: its request as the API has it, and what
 * was decided since.
 *
 * @module
 */

import { z } from 'zod'
import { STAGES_MAX } from '../../../protocols/inference/index.ts'
import { wireType } from './scalars.ts'
import { textSpec } from './texts.ts'

const keptStage = z.strictObject({
  fromLayer: z.int().min(0),
  toLayer: z.int().min(1),
  /** In hex. */
  numericClass: z.string().regex(/^[0-9a-f]{64}$/),
  /** That of the device that had it first, by its own word, in hex. Missing where it was not known. */
  deviceClass: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** How floats leave it for the next stage: may not be chosen again. Missing where an older version wrote. */
  wire: wireType.optional(),
})

/** A stage of a text, the numeric class in which it was begun, and how floats leave it. */
export type KeptStage = z.output<typeof keptStage>

export const keptTextSchema = z.strictObject({
  version: z.literal(1),
  createdMs: z.int().min(0),
  seed: z.int().min(0),
  promptTokens: z.int().min(1),
  request: textSpec,
  /** Once its stages had devices. */
  stages: z.array(keptStage).max(STAGES_MAX).optional(),
  /** Once part of it was written with other cuts or in another class than it was begun in. */
  exact: z.literal(false).optional(),
})

/** What a text was asked for. */
export type AskedText = Omit<z.output<typeof keptTextSchema>, 'version'>
