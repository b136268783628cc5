/**
 * How a text is asked for: options of `brume generate` and `brume chat`.
 *
 * @module
 */

import type { Command } from 'commander'
import type { TextSpec } from '../api/schemas/texts.ts'
import {
  addStageOptions,
  choiceOption,
  collected,
  decimalWithin,
  duration,
  numberWithin,
  type StageOptions,
  wholeNumber,
} from './option-values.ts'

export interface TextOptions extends StageOptions {
  readonly maxTokens: number
  readonly temperature: number
  readonly topP: number
  readonly topK: number
  readonly minP: number
  readonly repetitionPenalty: number
  readonly seed?: number
  readonly stop: readonly string[]
  readonly deadline?: number
  readonly standby: 'auto' | 'always' | 'off'
}

/** Tokens of an answer, and the most that a choice may be limited to: as the API has them. */
const TOKENS_MAX = 1_048_576
const TOP_K_MAX = 524_288

/** Declares {@link TextOptions}. */
export function addTextOptions(command: Command): Command {
  command
    .option('--max-tokens <count>', 'longest answer', numberWithin(1, TOKENS_MAX), 256)
    .option(
      '--temperature <number>',
      'how freely tokens are drawn; 0 always takes the likeliest',
      decimalWithin(0, 100),
      0.7,
    )
    .option(
      '--top-p <share>',
      'draw from the likeliest tokens that hold this share of the probability',
      decimalWithin(0.000_001, 1),
      0.95,
    )
    .option('--top-k <count>', 'draw from so many; 0 for all', numberWithin(0, TOP_K_MAX), 0)
    .option(
      '--min-p <share>',
      'leave out what is less likely than this share of the likeliest',
      decimalWithin(0, 1),
      0,
    )
    .option(
      '--repetition-penalty <number>',
      'above 1, what was said is less likely to be said again',
      decimalWithin(0.1, 10),
      1,
    )
    .option('--seed <number>', 'the same seed gives the same answer; else drawn', wholeNumber)
    .option('--stop <text>', 'ends the answer before this text; may be repeated', collected, [])
    .addOption(
      choiceOption('--standby <when>', 'load each stage on a second device, to take over at once', [
        'auto',
        'always',
        'off',
      ]).default('auto'),
    )
    .option('--deadline <time>', 'give up after this time, such as 30s', duration)
  return addStageOptions(command)
}

/** All of a request but the model and what it goes on from. */
export function textRequest(options: TextOptions): Omit<TextSpec, 'model'> {
  const { maxTokens, temperature, topP, topK, minP, repetitionPenalty } = options
  const { seed, stop, deadline, stages, wire, provider, standby } = options
  return {
    tokensMax: maxTokens,
    sampling: {
      temperature,
      topP,
      topK,
      minP,
      repetitionPenalty,
      ...(seed === undefined ? {} : { seed }),
    },
    stop: [...stop],
    stages,
    // The choices that the options offer are those of the API.
    wire: wire as TextSpec['wire'],
    provider: provider as TextSpec['provider'],
    requirements: options.require as TextSpec['requirements'],
    standby,
    ...(deadline === undefined ? {} : { deadlineMs: deadline }),
  }
}
