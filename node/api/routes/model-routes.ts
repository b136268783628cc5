/**
 * Routes about models, and about the long operations on them.
 *
 * @module
 */

import { z } from 'zod'
import { ApiError } from '../errors.ts'
import { modelCard, modelCards } from '../openai/model-cards.ts'
import { answers, type Route, streams } from '../route.ts'
import {
  buildRequest,
  fetchRequest,
  importRequest,
  modelDetailSchema,
  modelListSchema,
  modelRef,
  removedSchema,
} from '../schemas/models.ts'
import { modelCardSchema, modelCardsSchema } from '../schemas/openai.ts'
import { operationEventSchema, operationRefSchema, operationSchema } from '../schemas/operations.ts'

const modelParams = z.strictObject({ id: modelRef })
const operationParams = z.strictObject({ id: z.string().min(1).max(64) })

/** `found`, or the error that says that there is no such model. */
function modelOr404<T>(found: T | undefined, model: string): T {
  if (found === undefined) throw new ApiError({ code: 'API_MODEL_UNKNOWN', model })
  return found
}

/** `found`, or the error that says that there is no such operation. */
function operationOr404<T>(found: T | undefined, operation: string): T {
  if (found === undefined) throw new ApiError({ code: 'API_OPERATION_UNKNOWN', operation })
  return found
}

export const modelRoutes: readonly Route[] = [
  answers({
    method: 'GET',
    path: '/v1/models',
    summary: 'Models of this device',
    status: 200,
    answer: modelListSchema.extend(modelCardsSchema.shape),
    openAiErrors: 'beside',
    handle: async ({ backend }) => {
      const list = await backend.models()
      return { ...list, ...modelCards(list.models) }
    },
  }),
  answers({
    method: 'GET',
    path: '/v1/models/:id',
    summary: 'One model, its layers and the width of each cut',
    params: modelParams,
    status: 200,
    answer: modelDetailSchema.extend(modelCardSchema.shape),
    openAiErrors: 'beside',
    handle: async ({ backend, params }) => {
      const model = modelOr404(await backend.model(params.id), params.id)
      return { ...model, ...modelCard(model) }
    },
  }),
  answers({
    method: 'POST',
    path: '/v1/models/import',
    summary: 'Import an ONNX or GGUF file of this machine; answers with an operation',
    body: importRequest,
    status: 202,
    answer: operationRefSchema,
    handle: ({ backend, body }) => backend.importModel(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/models/build',
    summary: 'Build a model from a seed; answers with an operation',
    body: buildRequest,
    status: 202,
    answer: operationRefSchema,
    handle: ({ backend, body }) => backend.buildModel(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/models/pull',
    summary: 'Fetch a model from a hub and import it; answers with an operation',
    body: fetchRequest,
    status: 202,
    answer: operationRefSchema,
    handle: ({ backend, body }) => backend.fetchModel(body),
  }),
  answers({
    method: 'POST',
    path: '/v1/models/:id/pull',
    summary: 'Fetch the missing parts of a model from peers; answers with an operation',
    params: modelParams,
    status: 202,
    answer: operationRefSchema,
    handle: async ({ backend, params }) =>
      modelOr404(await backend.pullModel(params.id), params.id),
  }),
  answers({
    method: 'POST',
    path: '/v1/models/:id/verify',
    summary: 'Check every byte of a model against its id; answers with an operation',
    params: modelParams,
    status: 202,
    answer: operationRefSchema,
    handle: async ({ backend, params }) =>
      modelOr404(await backend.verifyModel(params.id), params.id),
  }),
  answers({
    method: 'DELETE',
    path: '/v1/models/:id',
    summary: 'Remove a model, and the weights that no other model uses',
    params: modelParams,
    status: 200,
    answer: removedSchema,
    handle: async ({ backend, params }) =>
      modelOr404(await backend.removeModel(params.id), params.id),
  }),
  answers({
    method: 'GET',
    path: '/v1/operations/:id',
    summary: 'How far an operation is',
    params: operationParams,
    status: 200,
    answer: operationSchema,
    handle: async ({ backend, params }) =>
      operationOr404(await backend.operation(params.id), params.id),
  }),
  streams({
    method: 'GET',
    path: '/v1/operations/:id/events',
    summary: 'Progress of an operation, as it happens',
    params: operationParams,
    event: operationEventSchema,
    feed: ({ backend, params }) => operationOr404(backend.operationEvents(params.id), params.id),
  }),
  answers({
    method: 'DELETE',
    path: '/v1/operations/:id',
    summary: 'Stop an operation and remove what it left half-done',
    params: operationParams,
    status: 200,
    answer: operationSchema,
    handle: async ({ backend, params }) =>
      operationOr404(await backend.cancelOperation(params.id), params.id),
  }),
]
