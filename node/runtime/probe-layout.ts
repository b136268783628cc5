/**
 * In which runs the test of a stage asks for the rows of its text.
 *
 * They are those of sessions: a prompt's chunk of full size behind a short one, then steps of one row or
 * of a row with guesses behind it. Among the steps the text grows out of its first room, and goes on in
 * one of twice the size.
 *
 * @module
 */

import { PROMPT_CHUNK_ROWS } from './limits.ts'

/** Raised when the test of a stage asks for other things than before, beside its layout. */
const PROBE_VERSION = 1

export interface ProbeLayout {
  /** Rows of all runs together. */
  readonly rows: number
  /** Rows that the text of the test and the one beside it may have. */
  readonly positionsMax: number
  /** Rows of each run of the prompt. */
  readonly prompt: readonly number[]
  /** Rows of each step behind it. */
  readonly steps: readonly number[]
  /** Rows that another text has beside each of those. */
  readonly company: readonly number[]
}

const STEPS: readonly number[] = [1, 1, 1, 4, 1]
const COMPANY: readonly number[] = [1, 2, 8, 1, 1]
const STEP_ROWS = sum(STEPS)

/** A prompt of 134 rows leaves its first room, of 136, with the second step, whose row is padded by one. */
const FIRST_ROWS = 6

/** Rows behind the last one that padding and company take. */
const SPARE_ROWS = 10

/** @param positionsMax - Tokens that a text of the model may have: the prompt is shorter where those are few. */
export function probeLayout(positionsMax = Infinity): ProbeLayout {
  const promptMax = positionsMax - STEP_ROWS - SPARE_ROWS
  const chunkRows = Math.max(1, Math.min(PROMPT_CHUNK_ROWS, promptMax - FIRST_ROWS))
  const rows = FIRST_ROWS + chunkRows + STEP_ROWS
  return {
    rows,
    positionsMax: rows + SPARE_ROWS,
    prompt: [FIRST_ROWS, chunkRows],
    steps: STEPS,
    company: COMPANY,
  }
}

/** Which test it is, in one word: what another one showed is not taken for what this one would show. */
export function probeWord(): string {
  return `${PROBE_VERSION} ${JSON.stringify(probeLayout())}`
}

function sum(rows: readonly number[]): number {
  return rows.reduce((total, each) => total + each, 0)
}
