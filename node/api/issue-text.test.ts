import { expect, it } from 'vitest'
import type { z } from 'zod'
import { issueText } from './issue-text.ts'
import { jobSpec } from './schemas/jobs.ts'
import { inviteRequest } from './schemas/mesh.ts'
import { planRequest } from './schemas/plan.ts'

function texts(schema: z.ZodType, value: unknown): readonly string[] {
  return schema.safeParse(value).error?.issues.map(issueText) ?? []
}

it.each([
  [inviteRequest, { uses: 0 }, 'expected at least 1'],
  [inviteRequest, { uses: 'many' }, 'expected number, got string'],
  [inviteRequest, { role: 'boss' }, 'expected worker, submitter or observer'],
  [inviteRequest, { usse: 1 }, 'expected known names only, got usse'],
  [planRequest, { model: 'net', stages: 9 }, 'expected at most 8'],
  [planRequest, {}, 'expected string, got undefined'],
  [planRequest, { model: 'net', stages: 'many' }, 'expected auto or number, got string'],
  [inviteRequest, { ttlMs: 1.5 }, 'expected int, got number'],
  [jobSpec, { model: 'net', inputs: [] }, 'expected at least 1 item'],
  [jobSpec, 'net', 'expected object, got string'],
] as const)('says what is wrong with a request (%#)', (schema, value, expected) => {
  expect(texts(schema, value)[0]).toBe(expected)
})
