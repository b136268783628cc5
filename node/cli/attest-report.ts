/**
 * Claims and appraisals as people read them.
 *
 * @module
 */

import type { Appraisal, Claims, Finding } from '../../attestation/index.ts'
import { POLICY_ERRORS } from '../../attestation/index.ts'
import { msText } from './quantity-text.ts'
import type { Terminal } from './terminal.ts'

/** The lines about evidence that holds, and what it comes to. */
export function attestReport(claims: Claims, appraisal: Appraisal, terminal: Terminal): string[] {
  const { tier, scoreMicros, status, policyId, bonuses } = appraisal
  const findings = appraisal.submods.flatMap((submod) => submod.findings)
  const freshMs = appraisal.freshUntilMs - appraisal.appraisedAtMs
  const score = (scoreMicros / 1_000_000).toFixed(2)
  return [
    `evidence   ${claims.kind}: every signature holds, up to ${claims.anchor}`,
    ...claimLines(claims).map((line) => `           ${line}`),
    `${terminal.paint([colourOf(status), 'bold'], status)}  tier ${tier}, score ${score} under ${policyId}`,
    ...bonuses.map(({ name, micros }) => `  + ${(micros / 1_000_000).toFixed(2)}  ${name}`),
    ...findings.flatMap((finding) => findingLines(finding)),
    ...(tier === 'none' ? [] : [`counts in full for ${msText(freshMs)}`]),
  ]
}

function colourOf(status: Appraisal['status']): 'green' | 'yellow' | 'red' {
  if (status === 'affirming') return 'green'
  return status === 'warning' ? 'yellow' : 'red'
}

function findingLines({ code, status }: Finding): readonly string[] {
  const { meaning, hint } = POLICY_ERRORS[code]
  return [`  ${status === 'warning' ? '!' : '✗'} ${code}: ${meaning}`, `    ${hint}`]
}

/** Claims in the order in which they stand, nested ones behind a dot; what is unknown is left out. */
function claimLines(claims: Claims): readonly string[] {
  const { kind: _kind, anchor: _anchor, validUntilMs, ...rest } = claims
  const ends = validUntilMs < Number.MAX_SAFE_INTEGER ? { validUntil: dateText(validUntilMs) } : {}
  const pairs = flattened({ ...rest, ...ends }, '')
  const width = Math.max(...pairs.map(([name]) => name.length))
  return pairs.map(([name, value]) => `${name.padEnd(width)}  ${value}`)
}

function flattened(value: object, prefix: string): readonly (readonly [string, string])[] {
  return Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const path = prefix === '' ? name : `${prefix}.${name}`
    if (inner === undefined || inner === '') return []
    if (Array.isArray(inner)) return inner.length === 0 ? [] : [[path, inner.join(' ')] as const]
    if (typeof inner === 'object' && inner !== null) return flattened(inner, path)
    return [valuePair(path, inner)]
  })
}

/** Instants and durations in the forms that people read, under names without their unit. */
function valuePair(path: string, value: unknown): readonly [string, string] {
  if (typeof value === 'number' && /(?:At|Date)Ms$/.test(path)) {
    return [path.replace(/(?:At)?Ms$/, ''), dateText(value)]
  }
  if (typeof value === 'number' && path.endsWith('Ms')) {
    return [path.slice(0, -2), msText(value)]
  }
  return [path, shortened(String(value))]
}

const TEXT_CELLS = 64

function shortened(text: string): string {
  return text.length > TEXT_CELLS ? `${text.slice(0, TEXT_CELLS)}…` : text
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}
