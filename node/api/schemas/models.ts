/**
 * Models in the store: what they are, and how they come and go.
 *
 * @module
 */

import { z } from 'zod'
import { BOUND_DIMS_MAX, NAME_LENGTH_MAX, PATH_LENGTH_MAX } from './limits.ts'
import { bytes, wallMs } from './scalars.ts'

const modelName = z
  .string()
  .min(1)
  .max(NAME_LENGTH_MAX)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'expected letters, digits, dot, dash, underscore')

export const modelRef = z
  .string()
  .min(1)
  .max(128)
  .describe('id of a model, the first 8 or more characters of it, or its name')

export const modelSummarySchema = z.object({
  id: z.string(),
  name: z.string(),
  licence: z.string().optional(),
  bytes: bytes.describe('weights and graph'),
  missingBytes: bytes.describe('weights that are not in the store of this device'),
  layers: z.int(),
  tensors: z.int(),
  importedMs: wallMs,
})

const tensorSpecSchema = z.object({
  name: z.string(),
  type: z.string(),
  dims: z.array(z.union([z.int(), z.string(), z.null()])),
})

export const modelDetailSchema = modelSummarySchema.extend({
  inputs: z.array(tensorSpecSchema),
  outputs: z.array(tensorSpecSchema),
  layerList: z.array(
    z.object({
      index: z.int(),
      name: z.string(),
      nodes: z.int(),
      weightBytes: bytes,
      /** Measured or estimated work of the layer. */
      megaflops: z.number(),
      cutBytes: bytes.describe('bytes that cross a cut after this layer; 0 after the last'),
    }),
  ),
})

export const modelListSchema = z.object({
  models: z.array(modelSummarySchema),
  storeBytes: bytes,
  storeBytesMax: bytes,
})

export const importRequest = z.strictObject({
  file: z
    .string()
    .min(1)
    .max(PATH_LENGTH_MAX)
    .describe('absolute path of an ONNX file on the machine of the daemon'),
  name: modelName.optional(),
  licence: z.string().min(1).max(128).optional(),
  dims: z
    .record(z.string().min(1).max(128), z.int().min(1).max(1_048_576))
    .refine((dims) => Object.keys(dims).length <= BOUND_DIMS_MAX, 'too many dimensions')
    .optional()
    .describe('sizes for symbolic dimensions, by name'),
})

const seed = z.int().min(0).max(4_294_967_295).default(1)
const width = z.int().min(1).max(65_536)

export const buildRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('mlp'),
    name: modelName.optional(),
    layers: z.int().min(1).max(10).default(3).describe('hidden layers'),
    width: width.default(256).describe('units of each hidden layer'),
    inputs: width.default(64),
    outputs: width.default(10),
    batchNorm: z.boolean().default(false),
    seed,
  }),
  z.strictObject({
    kind: z.literal('decoder'),
    name: modelName.optional(),
    layers: z.int().min(1).max(128).default(4),
    width: width.default(256).describe('width of the residual stream'),
    heads: z.int().min(1).max(128).default(4),
    kvHeads: z.int().min(1).max(128).default(2),
    feedForward: width.default(512),
    vocabulary: z.int().min(2).max(262_144).default(1_024),
    context: z.int().min(1).max(131_072).default(128).describe('longest sequence, in tokens'),
    seed,
  }),
])

export type ModelSummary = z.infer<typeof modelSummarySchema>
export type ModelDetail = z.infer<typeof modelDetailSchema>
export type ModelList = z.infer<typeof modelListSchema>
export type ImportRequest = z.infer<typeof importRequest>
export type BuildRequest = z.infer<typeof buildRequest>

export const removedSchema = z.object({ id: z.string(), freedBytes: bytes })
export type RemovedModel = z.infer<typeof removedSchema>
