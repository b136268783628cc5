/**
 * Every setting as one flat list: how it is named in files, in the environment and in documents.
 *
 * @module
 */

import { z } from 'zod'
import { parseQuantity, type QuantityUnit } from './quantity.ts'
import { CONFIG_SECTIONS } from './sections.ts'

export interface Setting {
  /** `section.key`, as files and messages write it. */
  readonly name: string
  readonly section: string
  readonly key: string
  /** `BRUME_SECTION_KEY`. */
  readonly variable: string
  /** What it is for, in one sentence. */
  readonly meaning: string
  /** Which values it takes, after `expected`. */
  readonly expected: string
  /** Undefined for a setting that depends on the template of the device. */
  readonly default: unknown
  readonly unit: QuantityUnit
  /** The value, or undefined when `raw` is not one that this setting takes. */
  check(raw: unknown): { readonly value: unknown } | undefined
}

/** Every setting, section by section. */
export const SETTINGS: readonly Setting[] = Object.entries(CONFIG_SECTIONS).flatMap(
  ([section, schema]) =>
    Object.entries(schema.shape).map(([key, field]) => settingOf(section, key, field)),
)

/**
 * The environment variable of a setting.
 *
 * @example
 * ```ts
 * variableOf('network', 'tcpPort') // => 'BRUME_NETWORK_TCP_PORT'
 * ```
 */
export function variableOf(section: string, key: string): string {
  const words = key.replaceAll(/[A-Z]/g, (letter) => `_${letter}`)
  return `BRUME_${section}_${words}`.toUpperCase()
}

interface FieldSchema {
  readonly type?: string
  readonly minimum?: number
  readonly maximum?: number
  readonly maxItems?: number
  readonly items?: { readonly description?: string }
  readonly enum?: readonly string[]
  readonly anyOf?: readonly unknown[]
  readonly default?: unknown
}

function settingOf(section: string, key: string, field: z.ZodType): Setting {
  const described = z.toJSONSchema(field) as FieldSchema
  const unit = unitOf(key)
  return {
    name: `${section}.${key}`,
    section,
    key,
    variable: variableOf(section, key),
    meaning: field.description ?? '',
    expected: expectation(described, unit),
    default: described.default,
    unit,
    check: (raw) => {
      const parsed = field.safeParse(typeof raw === 'string' ? fromText(raw, described, unit) : raw)
      return parsed.success ? { value: parsed.data } : undefined
    },
  }
}

function unitOf(key: string): QuantityUnit {
  if (/Bytes(?:Max|Min)?$/.test(key)) return 'bytes'
  return /Ms(?:Max|Min)?$/.test(key) ? 'ms' : undefined
}

/** Text from a flag, a variable or a file, as the type that the setting has. */
function fromText(text: string, schema: FieldSchema, unit: QuantityUnit): unknown {
  switch (schema.type ?? 'string') {
    case 'integer':
      return parseQuantity(text, unit) ?? text
    case 'boolean':
      return { true: true, on: true, '1': true, false: false, off: false, '0': false }[text] ?? text
    case 'array':
      return text === '' ? [] : text.split(',').map((item) => item.trim())
    default:
      return text
  }
}

function expectation(schema: FieldSchema, unit: QuantityUnit): string {
  if (schema.enum !== undefined) return schema.enum.join(', ').replace(/, ([^,]*)$/, ' or $1')
  if (schema.anyOf !== undefined) return 'an IP address'
  switch (schema.type ?? 'string') {
    case 'integer':
      return `${schema.minimum} to ${schema.maximum}${unit === undefined ? '' : ` ${unit}`}`
    case 'boolean':
      return 'true or false'
    case 'array':
      return `a list of at most ${schema.maxItems} ${schema.items?.description ?? 'words'}`
    default:
      return 'a path'
  }
}
