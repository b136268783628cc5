/**
 * Small pieces that several requests and answers are made of.
 *
 * @module
 */

import { z } from 'zod'
import { NAME_LENGTH_MAX } from './limits.ts'

export const providerName = z.enum(['cpu', 'webgpu', 'cuda', 'coreml', 'directml'])
export const providerChoice = z.enum(['auto', 'cpu', 'webgpu', 'cuda', 'coreml', 'directml'])
export const wireType = z.enum(['f32', 'f16'])
export const wireChoice = z.enum(['auto', 'f32', 'f16'])
export const role = z.enum(['worker', 'submitter', 'observer'])
/** Text of a PeerId; the daemon checks it further. */
export const peerId = z.string().min(1).max(128).describe('text form of an Ed25519 key, 12D3Koo…')
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/)
export const personName = z
  .string()
  .min(1)
  .max(NAME_LENGTH_MAX)
  .regex(
    /^[\p{L}\p{N}][\p{L}\p{N} ._-]*$/u,
    'expected letters, digits, space, dot, dash, underscore',
  )
export const bytes = z.int().min(0)
export const ms = z.number().min(0)
/** Milliseconds since the epoch. */
export const wallMs = z.int().min(0)

/** A contiguous run of layers, from the first to before the last. */
export const layerRange = { fromLayer: z.int().min(0), toLayer: z.int().min(0) }
