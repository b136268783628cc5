/**
 * The door of config/: what an operator may change, and how it is put together.
 *
 * @module
 */

export { CONFIG_ERRORS, ConfigError, type ConfigFailure } from './errors.ts'
export {
  type ConfigOrigin,
  type ConfigSources,
  loadConfig,
  type LoadedConfig,
  originText,
} from './load.ts'
export { type PathSources, STATE_CONFIG_FILE, stateDirDefault } from './paths.ts'
export type { Config } from './sections.ts'
export { type Setting, SETTINGS } from './settings.ts'
