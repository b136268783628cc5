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

/** What a model that generates text has beside its graph. */
const textSchema = z.object({
  contextTokens: z.int().describe('longest context'),
  vocabulary: z.int().describe('tokens that it can give'),
  cacheBytesPerToken: bytes.describe('keys and values of one token, in all layers'),
  tokenizer: z.boolean().describe('whether words can go in and out, and not only tokens'),
  chatTemplate: z.boolean(),
})

export const modelDetailSchema = modelSummarySchema.extend({
  text: textSchema.optional().describe('of models that generate text'),
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

const past = z.enum(['none', 'cache'])

export const importRequest = z.strictObject({
  file: z
    .string()
    .min(1)
    .max(PATH_LENGTH_MAX)
    .describe(
      'absolute path of an ONNX, GGUF or safetensors file, or of a folder with safetensors, on the machine of the daemon',
    ),
  name: modelName.optional(),
  licence: z.string().min(1).max(128).optional(),
  dims: z
    .record(z.string().min(1).max(128), z.int().min(1).max(1_048_576))
    .refine((dims) => Object.keys(dims).length <= BOUND_DIMS_MAX, 'too many dimensions')
    .optional()
    .describe('sizes for symbolic dimensions, by name'),
  past: past
    .optional()
    .describe(
      'of a decoder with caches or out of weights: `none` runs the whole text in one pass; else the model generates it',
    ),
  quantisation: z
    .enum(['none', 'q8', 'q4'])
    .optional()
    .describe('rounds the plain numbers of a decoder; blocks of a GGUF file stay as they are'),
})

export const fetchRequest = z.strictObject({
  source: z
    .string()
    .min(1)
    .max(512)
    .describe('`hf:OWNER/NAME`, perhaps with `/FILE` and `@REVISION`'),
  ...importRequest.pick({ name: true, licence: true, past: true, quantisation: true }).shape,
  endpoint: z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .optional()
    .describe('another hub than that of the configuration; it is not given the token'),
})

const seed = z.int().min(0).max(4_294_967_295).default(1)
const units = z.int().min(1).max(65_536)

/** What models/builder takes, under the same names. */
export const buildRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('mlp'),
    name: modelName.optional(),
    inputs: units.default(64),
    hidden: z.array(units).min(1).max(10).default([256, 256, 256]).describe('units of each layer'),
    outputs: units.default(10),
    activation: z.enum(['relu', 'gelu', 'tanh', 'sigmoid']).default('relu'),
    batchNorm: z.boolean().default(false),
    seed,
  }),
  z.strictObject({
    kind: z.literal('decoder'),
    name: modelName.optional(),
    layers: z.int().min(1).max(1_024).default(4),
    hidden: z.int().min(1).max(1_048_576).default(256).describe('width of the residual stream'),
    heads: z.int().min(1).max(1_024).default(4).describe('query heads, a multiple of kvHeads'),
    kvHeads: z.int().min(1).max(1_024).default(2),
    headSize: z.int().min(8).max(1_024).default(64).describe('a multiple of 8'),
    ffn: z.int().min(1).max(1_048_576).default(512).describe('width of the feed-forward blocks'),
    vocabulary: z.int().min(1).max(1_048_576).default(1_024),
    positionsMax: z.int().min(1).max(1_048_576).default(256).describe('longest context, in tokens'),
    ropeTheta: z.int().min(1).max(4_294_967_296).default(10_000),
    quantisation: z.enum(['f32', 'q8', 'q4']).default('f32'),
    past: past
      .default('none')
      .describe('`none` runs the whole text in one pass; `cache` generates it'),
    seed,
  }),
])

export type ModelSummary = z.infer<typeof modelSummarySchema>
export type ModelDetail = z.infer<typeof modelDetailSchema>
export type ModelList = z.infer<typeof modelListSchema>
export type ImportRequest = z.infer<typeof importRequest>
export type FetchRequest = z.infer<typeof fetchRequest>
export type BuildRequest = z.infer<typeof buildRequest>

export const removedSchema = z.object({ id: z.string(), freedBytes: bytes })
export type RemovedModel = z.infer<typeof removedSchema>
