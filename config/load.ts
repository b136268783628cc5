/**
 * Puts a configuration together from flags, environment, file and defaults, in this order.
 *
 * The first source that names a setting wins, and which one it was is kept, so
 * that `brume config show --origin` can say it. A name that is no setting is an
 * error everywhere: a mistyped limit must not be a limit that silently is not there.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, TomlError } from 'smol-toml'
import { ConfigError } from './errors.ts'
import { hopelessPolicy } from './harvest-policy.ts'
import { nearestName } from './nearest.ts'
import { type PathSources, STATE_CONFIG_FILE, stateDirDefault } from './paths.ts'
import { brokenRelation } from './relations.ts'
import type { Config } from './sections.ts'
import { type Setting, SETTINGS } from './settings.ts'

/** Where a value came from. */
export type ConfigOrigin =
  | { readonly type: 'flag' }
  | { readonly type: 'environment'; readonly variable: string }
  | { readonly type: 'file'; readonly path: string }
  | { readonly type: 'default' }

export interface ConfigSources extends PathSources {
  /** Values given on the command line, by the name of the setting. */
  readonly flags: Readonly<Record<string, string>>
  /** The file that `--config` names; without it BRUME_CONFIG, else brume.toml of the state folder. */
  readonly file?: string
}

export interface LoadedConfig {
  readonly config: Config
  /** One for each setting, by its name. */
  readonly origins: ReadonlyMap<string, ConfigOrigin>
  /** The file that was read, if any. */
  readonly file: string | undefined
}

/**
 * The configuration that `sources` add up to.
 *
 * @throws {ConfigError} `CONFIG_FILE_UNREADABLE`, `CONFIG_FILE_MALFORMED`, `CONFIG_KEY_UNKNOWN`,
 * `CONFIG_VALUE_INVALID` or `CONFIG_RELATION_BROKEN`.
 */
export function loadConfig(sources: ConfigSources): LoadedConfig {
  const given = new Map<string, Given>()
  addFlags(given, sources.flags)
  addEnvironment(given, sources.env)
  const file = addFile(given, sources)

  const values = new Map<string, unknown>()
  const origins = new Map<string, ConfigOrigin>()
  for (const setting of SETTINGS) {
    const source = given.get(setting.name)
    values.set(setting.name, source === undefined ? setting.default : checked(setting, source))
    origins.set(setting.name, source?.origin ?? { type: 'default' })
  }
  if (values.get('state.dir') === '') values.set('state.dir', stateDirDefault(sources))

  const config = nested(values)
  const broken = brokenRelation(config)
  if (broken !== undefined) {
    const { names, reason } = broken
    throw new ConfigError({ code: 'CONFIG_RELATION_BROKEN', names, reason })
  }
  const hopeless = hopelessPolicy(config.harvest)
  if (hopeless !== undefined) throw hopeless
  return { config, origins, file }
}

/**
 * An origin as people read it.
 *
 * @example
 * ```ts
 * originText({ type: 'file', path: '/etc/brume.toml' }) // => 'file /etc/brume.toml'
 * ```
 */
export function originText(origin: ConfigOrigin): string {
  switch (origin.type) {
    case 'flag':
      return 'flag'
    case 'environment':
      return `environment ${origin.variable}`
    case 'file':
      return `file ${origin.path}`
    case 'default':
      return 'default'
  }
}

interface Given {
  readonly raw: unknown
  readonly origin: ConfigOrigin
}

/** Variables that are no settings but say where settings are. */
const FILE_VARIABLE = 'BRUME_CONFIG'

function addFlags(given: Map<string, Given>, flags: ConfigSources['flags']): void {
  for (const [name, raw] of Object.entries(flags)) {
    offer(given, name, { raw, origin: { type: 'flag' } })
  }
}

function addEnvironment(given: Map<string, Given>, env: PathSources['env']): void {
  const byVariable = new Map(SETTINGS.map((setting) => [setting.variable, setting.name]))
  for (const [variable, raw] of Object.entries(env)) {
    if (!variable.startsWith('BRUME_') || variable === FILE_VARIABLE || raw === undefined) continue
    const name = byVariable.get(variable)
    if (name === undefined) {
      throw unknownKey(variable, 'environment', [...byVariable.keys(), FILE_VARIABLE])
    }
    offer(given, name, { raw, origin: { type: 'environment', variable } })
  }
}

/** Adds what the file says, and returns its path when there is one. */
function addFile(given: Map<string, Given>, sources: ConfigSources): string | undefined {
  const named = sources.file ?? sources.env[FILE_VARIABLE]
  // Only flags and variables have spoken by now, so a state folder that is given is text.
  const stateDir = given.get('state.dir')?.raw
  const path =
    named ??
    join(typeof stateDir === 'string' ? stateDir : stateDirDefault(sources), STATE_CONFIG_FILE)
  const text = readText(path, named !== undefined)
  if (text === undefined) return undefined

  const origin: ConfigOrigin = { type: 'file', path }
  const table = parseToml(path, text)
  if (named === undefined && hasStateDir(table)) {
    const reason = `${path} cannot say where it is itself: use --state-dir or BRUME_STATE_DIR`
    throw new ConfigError({ code: 'CONFIG_RELATION_BROKEN', names: ['state.dir'], reason })
  }
  for (const [section, keys] of Object.entries(table)) {
    if (!isTable(keys)) throw unknownKey(section, originText(origin), settingNames())
    for (const [key, raw] of Object.entries(keys)) {
      offer(given, `${section}.${key}`, { raw, origin })
    }
  }
  return path
}

function readText(path: string, required: boolean): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (!required && (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new ConfigError({ code: 'CONFIG_FILE_UNREADABLE', path }, { cause: error })
  }
}

function parseToml(path: string, text: string): Record<string, unknown> {
  try {
    return parse(text)
  } catch (error) {
    const line = error instanceof TomlError ? error.line : 1
    throw new ConfigError({ code: 'CONFIG_FILE_MALFORMED', path, line }, { cause: error })
  }
}

function hasStateDir(table: Record<string, unknown>): boolean {
  const state = table['state']
  return isTable(state) && state['dir'] !== undefined
}

function isTable(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date)
  )
}

/** Keeps the first value that is offered for a setting: sources come in order of precedence. */
function offer(given: Map<string, Given>, name: string, value: Given): void {
  if (!SETTINGS.some((setting) => setting.name === name)) {
    throw unknownKey(name, originText(value.origin), settingNames())
  }
  if (!given.has(name)) given.set(name, value)
}

function settingNames(): string[] {
  return SETTINGS.map((setting) => setting.name)
}

function unknownKey(name: string, origin: string, names: readonly string[]): ConfigError {
  const nearest = nearestName(name, names)
  return new ConfigError({
    code: 'CONFIG_KEY_UNKNOWN',
    name,
    origin,
    ...(nearest === undefined ? {} : { nearest }),
  })
}

function checked(setting: Setting, source: Given): unknown {
  const result = setting.check(source.raw)
  if (result !== undefined) return result.value
  throw new ConfigError({
    code: 'CONFIG_VALUE_INVALID',
    name: setting.name,
    origin: originText(source.origin),
    expected: setting.expected,
    actual: JSON.stringify(source.raw).slice(0, ACTUAL_LENGTH_MAX),
  })
}

/** Characters of a refused value that its message quotes. */
const ACTUAL_LENGTH_MAX = 80

function nested(values: ReadonlyMap<string, unknown>): Config {
  const config: Record<string, Record<string, unknown>> = {}
  for (const { name, section, key } of SETTINGS) {
    const keys = (config[section] ??= {})
    keys[key] = values.get(name)
  }
  return config as unknown as Config
}
