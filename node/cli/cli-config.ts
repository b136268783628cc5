/**
 * Loads the configuration as the command line sees it. Kept apart: it loads the schemas.
 *
 * @module
 */

import { resolve } from 'node:path'
import { type LoadedConfig, loadConfig } from '../../config/index.ts'
import type { Cli } from './cli.ts'
import { CliError } from './errors.ts'

/** @throws {ConfigError} when it is not one that a daemon starts with. */
export function loadCliConfig(cli: Cli, flags: Readonly<Record<string, string>>): LoadedConfig {
  const { env, platform, homeDir, workingDir } = cli.surroundings
  const { stateDir, config } = cli.options
  return loadConfig({
    env,
    platform,
    homeDir,
    flags:
      stateDir === undefined ? flags : { ...flags, 'state.dir': resolve(workingDir, stateDir) },
    ...(config === undefined ? {} : { file: resolve(workingDir, config) }),
  })
}

/**
 * Values of `--set section.key=value`, by the name of the setting.
 *
 * @throws {CliError} `CLI_USAGE_INVALID` for one without `=`.
 */
export function settingsOf(pairs: readonly string[]): Record<string, string> {
  const settings: Record<string, string> = {}
  for (const pair of pairs) {
    const at = pair.indexOf('=')
    if (at < 1) {
      const problem = `expected --set section.key=value, got ${pair}`
      throw new CliError({ code: 'CLI_USAGE_INVALID', problem })
    }
    settings[pair.slice(0, at)] = pair.slice(at + 1)
  }
  return settings
}
