/**
 * The API as an OpenAPI 3.1 document, made from the routes themselves.
 *
 * @module
 */

import { z } from 'zod'
import type { Route } from './route.ts'
import { openAiErrorSchema } from './schemas/openai.ts'
import { problemSchema } from './schemas/problem.ts'

/** JSON as OpenAPI has it. */
export type JsonObject = Readonly<Record<string, unknown>>

/**
 * The document for `routes`.
 *
 * @param version - Of Brume.
 */
export function openApiDocument(routes: readonly Route[], version: string): JsonObject {
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const operations = (paths[openApiPath(route.path)] ??= {})
    operations[route.method.toLowerCase()] = operationOf(route)
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Brume', version, license: { name: 'Apache-2.0', identifier: 'Apache-2.0' } },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: 'http', scheme: 'bearer' } },
      schemas: {
        Problem: jsonSchema(problemSchema, 'output'),
        OpenAiError: jsonSchema(openAiErrorSchema, 'output'),
      },
    },
  }
}

/** `/v1/models/:id` as OpenAPI writes it: `/v1/models/{id}`. */
export function openApiPath(path: string): string {
  return path.replaceAll(/:(\w+)/g, '{$1}')
}

function operationOf(route: Route): JsonObject {
  return {
    operationId: operationId(route),
    summary: route.summary,
    parameters: [...parameters(route.params, 'path'), ...parameters(route.query, 'query')],
    ...(route.body === undefined ? {} : { requestBody: requestBody(route.body) }),
    responses: {
      ...success(route),
      default: route.openAiErrors === 'instead' ? OPENAI_ERROR_RESPONSE : PROBLEM_RESPONSE,
    },
  }
}

const PROBLEM_RESPONSE: JsonObject = {
  description: 'A problem (RFC 9457)',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
}

const OPENAI_ERROR_RESPONSE: JsonObject = {
  description: 'An error as OpenAI writes it',
  content: { 'application/json': { schema: { $ref: '#/components/schemas/OpenAiError' } } },
}

/** `GET /v1/models/:id` is called `getModelsById`. */
function operationId({ method, path }: Route): string {
  const words = path.replace('/v1/', '').replaceAll('/:', '/by-').split(/[/-]/)
  const capital = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1))
  return method.toLowerCase() + capital.join('')
}

function requestBody(body: z.ZodType): JsonObject {
  return {
    required: true,
    content: { 'application/json': { schema: jsonSchema(body, 'input') } },
  }
}

function success(route: Route): JsonObject {
  if (route.type === 'completion') {
    const description = 'Success; server-sent events when `stream` is true, `[DONE]` the last'
    const content = {
      'application/json': { schema: jsonSchema(route.answer, 'output') },
      'text/event-stream': { schema: jsonSchema(route.chunk, 'output') },
    }
    return { '200': { description, content } }
  }
  if (route.type === 'file') {
    return { '200': { description: 'A file', content: { [route.mediaType]: {} } } }
  }
  if (route.type === 'events') {
    const description = 'Server-sent events; `event` is the type, `data` the JSON below'
    const content = { 'text/event-stream': { schema: jsonSchema(route.event, 'output') } }
    return { '200': { description, content } }
  }
  if (route.answer === undefined) return { [route.status]: { description: 'Done' } }
  const content: Record<string, unknown> = {
    'application/json': { schema: jsonSchema(route.answer, 'output') },
  }
  if (route.bytesType !== undefined) content[route.bytesType] = {}
  return { [route.status]: { description: 'Success', content } }
}

function parameters(schema: z.ZodType | undefined, where: 'path' | 'query'): JsonObject[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = jsonSchema(schema, 'input') as {
    readonly properties?: Readonly<Record<string, JsonObject>>
    readonly required?: readonly string[]
  }
  return Object.entries(properties).map(([name, property]) => ({
    name,
    in: where,
    required: required.includes(name),
    schema: property,
  }))
}

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonObject {
  // The dialect is stated once, by the version of OpenAPI.
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' })
  return rest
}
