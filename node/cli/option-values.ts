/**
 * Values of options that several commands take.
 *
 * @module
 */

import { type Command, InvalidArgumentError, Option } from 'commander'
import { parseQuantity } from '../../config/quantity.ts'
import { STAGES_MAX } from '../api/schemas/limits.ts'

/** A whole number from 0 on. @throws {InvalidArgumentError} for other text. */
export function wholeNumber(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  throw new InvalidArgumentError('expected a whole number')
}

/** Reads a whole number from `min` to `max`. */
export function numberWithin(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`expected ${min} to ${max}`)
  }
}

/** `auto`, or how many stages or replicas. @throws {InvalidArgumentError} for other text. */
export function countOrAuto(text: string): number | 'auto' {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : 0
  if (text === 'auto') return 'auto'
  if (value >= 1 && value <= STAGES_MAX) return value
  throw new InvalidArgumentError(`expected auto, or 1 to ${STAGES_MAX}`)
}

/** An option that takes one of `choices`, which its help lists. */
export function choiceOption(
  flags: string,
  description: string,
  choices: readonly string[],
): Option {
  return new Option(flags, description).choices(choices)
}

/** Adds one more value of an option that may be repeated. */
export function collected(value: string, values: readonly string[] = []): readonly string[] {
  return [...values, value]
}

/** Reads a decimal number from `min` to `max`. */
export function decimalWithin(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`expected a number from ${min} to ${max}`)
  }
}

/** Reads a time such as `30s`, in ms. @throws {InvalidArgumentError} for other text. */
export function duration(text: string): number {
  const value = parseQuantity(text, 'ms')
  if (value !== undefined && value >= 1) return value
  throw new InvalidArgumentError('expected a time such as 30s')
}

/** What devices must be, as a job asks for it. */
export interface RequirementOption {
  readonly tier?: string
  readonly score?: number
}

/**
 * Reads `tier>=tpm` or `score>=0.4`, beside what was required before.
 *
 * @throws {InvalidArgumentError} for other text.
 */
export function requirement(text: string, before: RequirementOption = {}): RequirementOption {
  const [, tier] = /^tier>=(self|mobile|tpm|tee)$/.exec(text) ?? []
  if (tier !== undefined) return { ...before, tier }
  const [, score] = /^score>=(0|1|0?\.\d{1,6}|1\.0+)$/.exec(text) ?? []
  if (score !== undefined) return { ...before, score: Number(score) }
  throw new InvalidArgumentError("expected 'tier>=tpm' or 'score>=0.4', in quotes")
}

/** On which devices the stages of one pipeline run, and how they are linked. */
export interface StageOptions {
  readonly stages: number | 'auto'
  readonly wire: string
  readonly provider: string
  readonly require?: RequirementOption
}

/** How a model is to be spread over devices. */
export interface PlacementOptions extends StageOptions {
  readonly replicas: number | 'auto'
  readonly objective: string
}

/** Declares {@link StageOptions}. */
export function addStageOptions(command: Command): Command {
  return command
    .option(
      '--stages <count>',
      `devices that one input passes through: auto, or 1 to ${STAGES_MAX}`,
      countOrAuto,
      'auto',
    )
    .addOption(
      choiceOption('--wire <type>', 'floats between stages; f16 is half the bytes, not exact', [
        'auto',
        'f32',
        'f16',
      ]).default('auto'),
    )
    .addOption(
      choiceOption('--provider <name>', 'what the stages compute on', [
        'auto',
        'cpu',
        'webgpu',
        'cuda',
        'coreml',
        'directml',
      ]).default('auto'),
    )
    .option(
      '--require <rule>',
      "only devices that reach a tier or a score: 'tier>=tpm', 'score>=0.4', in quotes; both when given twice",
      requirement,
    )
}

/** Declares {@link PlacementOptions}. */
export function addPlacementOptions(command: Command): Command {
  return addStageOptions(command)
    .option(
      '--replicas <count>',
      `copies of the whole pipeline: auto, or 1 to ${STAGES_MAX}`,
      countOrAuto,
      'auto',
    )
    .addOption(
      choiceOption('--objective <goal>', 'what to make best', ['latency', 'throughput']).default(
        'latency',
      ),
    )
}

/** The part of a plan or job request that {@link PlacementOptions} make. */
export function placementRequest(options: PlacementOptions): object {
  const { stages, replicas, wire, objective, provider, require: requirements } = options
  return { stages, replicas, wire, objective, provider, requirements }
}
