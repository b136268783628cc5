/**
 * What the daemon writes about itself.
 *
 * @module
 */

import { z } from 'zod'

export const telemetrySection = z.strictObject({
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .describe('least severity that is logged'),
  logFormat: z
    .enum(['auto', 'json', 'text'])
    .default('auto')
    .describe('form of log lines on stderr; auto is text on a terminal and JSON elsewhere'),
})

/** Settings under `telemetry`. */
export type TelemetryConfig = Readonly<z.infer<typeof telemetrySection>>
