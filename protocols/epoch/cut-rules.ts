/**
 * Whether a seat may vote for a header: by what it knows itself, and by how much of it the header takes in.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { EpochErrorCode } from './errors.ts'
import type { Header } from './header.ts'
import { CUT_SKEW_MS_MAX, INCLUSION_PERMILLE } from './limits.ts'

/** What a seat computed itself from what a header says is in it. */
export type OwnView = Pick<
  Header,
  | 'network'
  | 'epoch'
  | 'parent'
  | 'statementRoot'
  | 'evidenceRoot'
  | 'scoresRoot'
  | 'graphRoot'
  | 'committee'
  | 'next'
  | 'afterNext'
  | 'beacon'
  | 'parameters'
>

/** How much of what a seat had received is in the cut. */
export interface Inclusion {
  /** Valid statements and audits that it held well before the cut, and those of them that are in. */
  readonly held: number
  readonly included: number
  /** Evidence that it held, all of which must be in. */
  readonly evidenceLeftOut: number
}

const FOLDED = ['statementRoot', 'evidenceRoot', 'scoresRoot', 'graphRoot'] as const
const GIVEN = ['network', 'committee', 'next', 'afterNext', 'beacon', 'parameters'] as const

/**
 * What is wrong with the header; undefined when the seat may vote for it.
 *
 * @param situation - When and with what it is judged; undefined where a polka has answered for that, and only what
 * every seat comes to alike counts.
 */
export function cutProblem(
  header: Header,
  own: OwnView,
  situation: CutSituation | undefined,
): EpochErrorCode | undefined {
  if (header.epoch !== own.epoch) return 'EPOCH_MISMATCH'
  if (!bytesEqual(header.parent, own.parent)) return 'EPOCH_PARENT_UNKNOWN'
  if (GIVEN.some((field) => !bytesEqual(header[field], own[field]))) return 'EPOCH_MISMATCH'
  const skewMs = situation === undefined ? 0 : header.cutWallMs - situation.wallMs
  if (Math.abs(skewMs) > CUT_SKEW_MS_MAX) return 'EPOCH_TIME_INVALID'
  if (FOLDED.some((field) => !bytesEqual(header[field], own[field]))) return 'EPOCH_FOLD_MISMATCH'
  return situation === undefined || isFair(situation) ? undefined : 'EPOCH_CUT_CENSORED'
}

/** When and with what a seat judges a header. */
export interface CutSituation {
  readonly round: number
  readonly wallMs: number
  readonly inclusion: Inclusion
}

/** Later rounds ask for less, so that slow gossip stops nothing; evidence is never left out. */
function isFair({ round, inclusion }: CutSituation): boolean {
  const { held, included, evidenceLeftOut } = inclusion
  const permille = INCLUSION_PERMILLE[round] ?? INCLUSION_PERMILLE.at(-1) ?? 0
  return evidenceLeftOut === 0 && 1_000 * included >= permille * held
}
