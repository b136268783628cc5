/**
 * Structured logging as a port: an event name, then facts. The daemon's is pino.
 *
 * No text that a peer chose goes to `info` or above, and no secret anywhere.
 *
 * @module
 */

export interface Logger {
  debug(event: string, facts?: Readonly<Record<string, unknown>>): void
  info(event: string, facts?: Readonly<Record<string, unknown>>): void
  warn(event: string, facts?: Readonly<Record<string, unknown>>): void
  error(event: string, facts?: Readonly<Record<string, unknown>>): void
  /** A logger for one part of the daemon. */
  child(component: string): Logger
}

const ignore = (): void => undefined

/** Says nothing: for tests and for tools that print their own output. */
export const SILENT_LOGGER: Logger = {
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  child: () => SILENT_LOGGER,
}
