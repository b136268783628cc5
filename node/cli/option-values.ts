/**
 * Values of options that several commands take.
 *
 * @module
 */

import type { Command } from 'commander'
import { CliError } from './errors.ts'

/** A whole number from 0 on. @throws {CliError} `CLI_USAGE_INVALID`. */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new CliError({ code: 'CLI_USAGE_INVALID', problem: `expected a number, got ${text}` })
}

/** `auto`, or a whole number. @throws {CliError} `CLI_USAGE_INVALID`. */
export function countOrAuto(text: string): number | 'auto' {
  return text === 'auto' ? 'auto' : wholeNumber(text)
}

/** Adds one more value of an option that may be repeated. */
export function collected(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value]
}

/** How a model is to be spread over devices. */
export interface PlacementOptions {
  readonly stages: number | 'auto'
  readonly replicas: number | 'auto'
  readonly wire: string
  readonly objective: string
  readonly provider: string
}

/** Declares {@link PlacementOptions}. */
export function addPlacementOptions(command: Command): Command {
  return command
    .option('--stages <count>', 'auto, or 1 to 8', countOrAuto, 'auto')
    .option(
      '--replicas <count>',
      'copies of the whole pipeline: auto, or 1 to 8',
      countOrAuto,
      'auto',
    )
    .option('--wire <type>', 'type of floats between stages: auto, f32 or f16', 'auto')
    .option('--objective <goal>', 'latency or throughput', 'latency')
    .option('--provider <name>', 'auto, cpu, webgpu, cuda, coreml or directml', 'auto')
}

/** The part of a plan or job request that {@link PlacementOptions} make. */
export function placementRequest(options: PlacementOptions): PlacementOptions {
  const { stages, replicas, wire, objective, provider } = options
  return { stages, replicas, wire, objective, provider }
}
