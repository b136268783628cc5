/**
 * What an operator demands of evidence that holds, and how much it may earn.
 *
 * A policy can only lower: what it caps, denies or leaves out earns less, and no
 * field of it earns more than DESIGN 9 gives. Each value of a shipped policy has
 * its reason beside it, by path.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { refuse } from '../errors.ts'

export interface Policy {
  readonly id: string
  readonly self: { readonly enabled: boolean; readonly releaseRequired: boolean }
  readonly tpm: TpmPolicy
  readonly sevSnp: SnpPolicy
  readonly sgx: DcapPolicy
  readonly tdx: DcapPolicy
  readonly nitro: {
    readonly enabled: boolean
    readonly baseMicrosMax: number
    /** PCR0 of images, in hex. */
    readonly measurements: readonly string[]
  }
  readonly android: AndroidPolicy
  readonly apple: ApplePolicy
  /** For how long an appraisal counts in full, by tier, in minutes. */
  readonly freshMinutes: FreshMinutes
  /** How long past its end a vendor's collateral still counts, with a warning, in days. */
  readonly graceDays: number
  /** Why each value is what it is, by path such as `tpm.pcrs`. */
  readonly reasons: Readonly<Record<string, string>>
}

export interface FreshMinutes {
  readonly self: number
  readonly mobile: number
  readonly tpm: number
  readonly tee: number
}

export interface TpmPolicy {
  readonly enabled: boolean
  readonly baseMicrosMax: number
  readonly pcrs: readonly number[]
  readonly secureBootRequired: boolean
  /** True when a key of the TPM must sign each question: dearer to lend than quotes. */
  readonly bindingKeyRequired: boolean
  readonly manufacturersDenied: readonly string[]
  /** Values that a register may have, in hex, by index; every register named here must match. */
  readonly registers: Readonly<Record<string, readonly string[]>>
}

export interface SnpPolicy {
  readonly milan: SnpFamilyPolicy
  readonly genoa: SnpFamilyPolicy
  readonly turin: SnpFamilyPolicy
  readonly aliasCheckRequired: boolean
  readonly revocationRequired: boolean
  /** MEASUREMENT of guests, in hex. */
  readonly measurements: readonly string[]
}

export interface SnpFamilyPolicy {
  readonly enabled: boolean
  readonly baseMicrosMax: number
  readonly tcbMin: {
    readonly bootLoader: number
    readonly tee: number
    readonly snp: number
    readonly microcode: number
  }
}

export interface DcapPolicy {
  readonly enabled: boolean
  readonly baseMicrosMax: number
  /** Statuses that are accepted, in Intel's words. */
  readonly statuses: readonly string[]
  readonly advisoriesDenied: readonly string[]
  /** MRENCLAVE or MRTD, in hex. */
  readonly measurements: readonly string[]
}

export interface AndroidPolicy {
  readonly enabled: boolean
  readonly baseMicrosMax: number
  /** Apps as `package signer`, the signer as SHA-256 in hex; `*` for any. */
  readonly apps: readonly string[]
  readonly patchAgeMonthsMax: number
  readonly statusAgeHoursMax: number
}

export interface ApplePolicy {
  readonly enabled: boolean
  readonly baseMicrosMax: number
  /** Apps as `TEAM.bundle`. */
  readonly apps: readonly string[]
  readonly environments: readonly string[]
}

/** SHA-256 of everything in `policy` but its reasons, in hex. */
export function policyDigest(policy: Policy): string {
  const rules: Partial<Policy> = { ...policy, reasons: {} }
  return createHash('sha256').update(canonicalJson(rules)).digest('hex')
}

/**
 * `base` with the changes that a policy file makes; what it does not name stays.
 *
 * @throws {AttestationError} `POLICY_INVALID` for a field that `base` does not have, or of another type.
 */
export function changedPolicy(base: Policy, changes: unknown): Policy {
  if (!isRecord(changes)) refuse('POLICY_INVALID', 'policy is no object')
  const { reasons, ...rules } = changes
  const { reasons: baseReasons, ...baseRules } = base
  const merged = mergedRecord(baseRules, rules, '') as unknown as Omit<Policy, 'reasons'>
  return { ...merged, reasons: { ...baseReasons, ...textsOf(reasons ?? {}) } }
}

type JsonRecord = Readonly<Record<string, unknown>>

const ITEMS_MAX = 1_000
const CHARACTERS_MAX = 512
const NUMBER_MAX = 10_000_000

function mergedRecord(base: JsonRecord, changes: JsonRecord, path: string): JsonRecord {
  const merged: Record<string, unknown> = { ...base }
  for (const [name, change] of Object.entries(changes)) {
    const at = path === '' ? name : `${path}.${name}`
    if (!Object.hasOwn(base, name)) refuse('POLICY_INVALID', `${plain(at)} is no field of a policy`)
    merged[name] = mergedValue(base[name], change, at)
  }
  return merged
}

function mergedValue(base: unknown, change: unknown, path: string): unknown {
  if (Array.isArray(base)) return listLike(base, change, path)
  if (isRecord(base)) {
    if (!isRecord(change)) refuse('POLICY_INVALID', `${path} is no object`)
    // The one table whose names are free: registers of a TPM.
    return path === 'tpm.registers' ? registersOf(change, path) : mergedRecord(base, change, path)
  }
  const fits =
    typeof base === typeof change &&
    (typeof change !== 'number' || isCount(change)) &&
    (typeof change !== 'string' || change.length <= CHARACTERS_MAX)
  return fits ? change : refuse('POLICY_INVALID', `${path} must be a ${typeof base}`)
}

function listLike(base: readonly unknown[], change: unknown, path: string): readonly unknown[] {
  const numbers = typeof base[0] === 'number'
  const fits = (item: unknown): boolean =>
    numbers ? isCount(item) : typeof item === 'string' && item.length <= CHARACTERS_MAX
  if (!Array.isArray(change) || change.length > ITEMS_MAX || !change.every(fits)) {
    refuse('POLICY_INVALID', `${path} must be a list of ${numbers ? 'numbers' : 'texts'}`)
  }
  return change
}

function registersOf(change: JsonRecord, path: string): JsonRecord {
  for (const [index, values] of Object.entries(change)) {
    if (!/^\d{1,2}$/.test(index)) refuse('POLICY_INVALID', `${path} has no such register`)
    listLike([], values, `${path}.${index}`)
  }
  return change
}

function textsOf(value: unknown): Readonly<Record<string, string>> {
  const fits = isRecord(value) && Object.values(value).every((text) => typeof text === 'string')
  return fits ? (value as Record<string, string>) : refuse('POLICY_INVALID', 'reasons are no texts')
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= NUMBER_MAX
}

function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A name that came from a file, as far as it is harmless to print. */
function plain(name: string): string {
  return name.replaceAll(/[^\w.-]/g, '?').slice(0, 80)
}

/** JSON with the names of every object in order. */
function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) =>
    isRecord(inner)
      ? Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
