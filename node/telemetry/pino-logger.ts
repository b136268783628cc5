/**
 * Log lines on stderr: JSON for machines, short text for people.
 *
 * Secrets are removed here, by the name of the field, whatever a caller does.
 *
 * @module
 */

import { destination, type Logger as PinoLines, pino, stdSerializers } from 'pino'
import type { Logger } from '../../core/logger.ts'
import { TextLines } from './text-lines.ts'

/** Where whole lines go, each with its newline. */
export interface LineSink {
  write(line: string): void
}

export interface PinoLoggerInit {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** `auto` is text when stderr is a terminal, and JSON elsewhere. */
  readonly format: 'auto' | 'json' | 'text'
  /** Instead of stderr. */
  readonly sink?: LineSink
  /** Colour in text lines; by default as the terminal wants it. */
  readonly colour?: boolean
}

/** Fields that never leave the process, at the top of the facts or one level deeper. */
const SECRET_FIELDS = [
  'seed',
  'secret',
  'apiKey',
  'authorization',
  'inviteCode',
  'token',
  'password',
]

/** The daemon's logger. */
export function createPinoLogger(init: PinoLoggerInit): Logger {
  // Synchronous, so that the line before a crash is not lost.
  const stderr = init.sink ?? destination({ dest: 2, sync: true })
  const text = init.format === 'text' || (init.format === 'auto' && process.stderr.isTTY)
  const sink = text ? new TextLines(stderr, init.colour ?? process.stderr.isTTY) : stderr
  const root = pino(
    {
      level: init.level,
      base: null,
      messageKey: 'event',
      formatters: { level: (label) => ({ level: label }) },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      serializers: { error: stdSerializers.err },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`]),
        censor: '[redacted]',
      },
    },
    sink,
  )
  return wrap(root)
}

function wrap(lines: PinoLines): Logger {
  return {
    debug: (event, facts = {}) => lines.debug(facts, event),
    info: (event, facts = {}) => lines.info(facts, event),
    warn: (event, facts = {}) => lines.warn(facts, event),
    error: (event, facts = {}) => lines.error(facts, event),
    child: (component) => wrap(lines.child({ component })),
  }
}
