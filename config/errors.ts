/**
 * What can be wrong with a configuration.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../core/errors.ts'

export type ConfigFailure =
  /** A file that was named cannot be read. */
  | { readonly code: 'CONFIG_FILE_UNREADABLE'; readonly path: string }
  /** A file is not TOML. */
  | { readonly code: 'CONFIG_FILE_MALFORMED'; readonly path: string; readonly line: number }
  /** A name that is no setting, and the setting that is nearest to it. */
  | {
      readonly code: 'CONFIG_KEY_UNKNOWN'
      readonly name: string
      readonly origin: string
      readonly nearest?: string
    }
  /** A value of the wrong type or out of its range. */
  | {
      readonly code: 'CONFIG_VALUE_INVALID'
      readonly name: string
      readonly origin: string
      readonly expected: string
      readonly actual: string
    }
  /** Two settings that are each fine, and wrong together. */
  | {
      readonly code: 'CONFIG_RELATION_BROKEN'
      readonly names: readonly string[]
      readonly reason: string
    }

/** A configuration that the daemon does not start with. */
export class ConfigError extends CodedError<ConfigFailure> {
  constructor(failure: ConfigFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

export const CONFIG_ERRORS: ErrorTable<ConfigFailure['code']> = {
  CONFIG_FILE_UNREADABLE: {
    meaning: 'the configuration file that was named cannot be read',
    hint: 'check the path given with --config or BRUME_CONFIG, and its permissions',
    retryable: false,
    exit: 78,
    status: 500,
  },
  CONFIG_FILE_MALFORMED: {
    meaning: 'the configuration file is not TOML',
    hint: 'correct the line that the message names; text values need quotes',
    retryable: false,
    exit: 78,
    status: 500,
  },
  CONFIG_KEY_UNKNOWN: {
    meaning: 'a file, environment variable or flag names a setting that does not exist',
    hint: '`brume config show` lists every setting',
    retryable: false,
    exit: 78,
    status: 500,
  },
  CONFIG_VALUE_INVALID: {
    meaning: 'a setting has a value of the wrong type or out of its range',
    hint: 'docs/configuration.md gives type, range and default of each setting',
    retryable: false,
    exit: 78,
    status: 500,
  },
  CONFIG_RELATION_BROKEN: {
    meaning: 'two settings contradict each other',
    hint: 'change one of the settings that the message names',
    retryable: false,
    exit: 78,
    status: 500,
  },
}

function describe(failure: ConfigFailure): string {
  switch (failure.code) {
    case 'CONFIG_FILE_UNREADABLE':
      return `cannot read ${failure.path}`
    case 'CONFIG_FILE_MALFORMED':
      return `expected TOML in ${failure.path}, got something else at line ${failure.line}`
    case 'CONFIG_KEY_UNKNOWN':
      return `unknown setting ${failure.name} (${failure.origin})${
        failure.nearest === undefined ? '' : `, did you mean ${failure.nearest}`
      }`
    case 'CONFIG_VALUE_INVALID':
      return `${failure.name} (${failure.origin}): expected ${failure.expected}, got ${failure.actual}`
    case 'CONFIG_RELATION_BROKEN':
      return `${failure.names.join(' and ')}: ${failure.reason}`
  }
}
