/**
 * Policies by name: `production`, `test`, or a JSON file that changes one of them.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import {
  AttestationError,
  changedPolicy,
  type Policy,
  PRODUCTION_POLICY,
  TEST_POLICY,
} from '../../attestation/index.ts'

const BASES: Readonly<Record<string, Policy>> = { production: PRODUCTION_POLICY, test: TEST_POLICY }

/**
 * @param name - A shipped policy, or the path of a file `{ "extends": "production", … }`.
 * @throws {AttestationError} `POLICY_INVALID`.
 */
export async function policyNamed(name: string): Promise<Policy> {
  if (Object.hasOwn(BASES, name)) return BASES[name] ?? PRODUCTION_POLICY
  const { extends: base, ...changes } = await objectIn(name)
  const shipped = typeof base === 'string' && Object.hasOwn(BASES, base) ? BASES[base] : undefined
  if (shipped === undefined) throw invalid('"extends" is neither production nor test')
  return changedPolicy(shipped, changes)
}

async function objectIn(path: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw invalid(`cannot read ${path}`, cause)
  })
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return value as Record<string, unknown>
  } catch {
    // Said below, like JSON of another form.
  }
  throw invalid(`${path} holds no JSON object`)
}

function invalid(reason: string, cause?: unknown): AttestationError {
  return new AttestationError({ code: 'POLICY_INVALID', reason }, { cause })
}
