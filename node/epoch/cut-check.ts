/**
 * Whether this device may vote for a header: by the statements, floors and proofs that it holds itself.
 *
 * @module
 */

import { bytesEqual, compareBytes, toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type CutBody,
  cutProblem,
  EPOCH_LIMITS,
  type EpochErrorCode,
  type Header,
  type Inclusion,
} from '../../protocols/epoch/index.ts'
import { decodeStatement, type Statement, type TrustErrorCode } from '../../trust/index.ts'
import type { HardwareFloor } from './attested-floors.ts'
import type { EpochChain, TriedCut } from './epoch-chain.ts'
import type { EpochPools } from './epoch-pools.ts'
import { isAmnesia, isFarewell } from './evidence-kinds.ts'

export interface CutJudge {
  readonly chain: EpochChain
  readonly pools: EpochPools
  /** What a device's hardware is worth, as this one found; undefined when it has not seen evidence. */
  readonly floorOf: (device: PeerId) => HardwareFloor | undefined
}

/** When a header is judged. */
export interface JudgedAt {
  readonly round: number
  readonly wallMs: number
  /**
   * What came before this moment of the monotonic clock must not be left out. It follows from the time of the cut:
   * what comes after that makes no header unfair, however late it is judged.
   */
  readonly settledBeforeMs: number
}

/**
 * What is wrong with what is in a cut, whatever its header says; undefined when it may be folded. All who follow the
 * same chain come to the same.
 */
export function bodyProblem(
  { chain, pools }: CutJudge,
  body: CutBody,
): EpochErrorCode | TrustErrorCode | undefined {
  if (!isSame(body.restart, chain.restarting)) return 'EPOCH_MISMATCH'
  if (body.change !== undefined && !chain.fold.changedIn(chain.next, body.change)) {
    return 'EPOCH_CHANGE_INVALID'
  }
  const problem = statementsProblem(body, pools, chain.next)
  if (problem !== undefined) return problem
  if (!isNews(chain, pools, body)) return 'EPOCH_EVIDENCE_INVALID'
  if (!pools.evidence.areOfMesh(body.evidence)) return 'EPOCH_EVIDENCE_FOREIGN'
  if (!chain.fold.countsAll(body.owners, chain.next)) return 'EPOCH_OWNERS_INVALID'
  const leaving = body.evidence.filter(isFarewell)
  const { reader, audits, departures } = chain.fold
  if (departures.copy().takeAll(leaving, chain.next).length < leaving.length) {
    return 'EPOCH_FAREWELL_INVALID'
  }
  const counted = audits.copy()
  const counts = body.audits.toSorted(compareBytes).every((encoded) => {
    const audit = reader.read(encoded)
    return audit !== undefined && counted.count(audit, chain.next)
  })
  return counts ? undefined : 'EPOCH_AUDIT_INVALID'
}

/**
 * True for a cut that holds a device for more, or for hardware of another make, than this one has seen itself, or the mesh had certified. Others may have
 * seen more, and what was seen counts for some hours: a cut with a polka is not asked for this.
 */
export function isInflated({ chain, floorOf }: CutJudge, { floors }: CutBody): boolean {
  return floors.some(({ device, floorMicros, vendor }) => {
    const certified = chain.fold.hardwareOf(device)
    const { micros, vendor: own } = floorOf(device) ?? certified
    // Nobody leaves out who made the hardware that this device saw.
    const isOfMake = vendor === own || (vendor !== '' && vendor === certified.vendor)
    return !isOfMake || floorMicros > Math.max(micros, certified.micros)
  })
}

/** What is wrong with the statements of a cut, each by itself and beside the others. */
function statementsProblem(
  body: CutBody,
  pools: Pick<EpochPools, 'statements'>,
  epoch: number,
): EpochErrorCode | TrustErrorCode | undefined {
  for (const stated of body.statements) {
    const problem = pools.statements.problemOf(stated, epoch)
    if (problem !== undefined) return problem
  }
  const isOnce = spokenIn(body).size === body.statements.length
  return isOnce ? undefined : 'TRUST_STATEMENT_REPLAYED'
}

/** Which domains speak of which epochs in a cut. What one says twice is a proof against it, whichever is in. */
function spokenIn({ statements }: CutBody): ReadonlySet<string> {
  return new Set(
    statements.flatMap(({ signed }) => {
      const decoded = decodeStatement(signed.body)
      return decoded.type === 'value' ? nameOf(decoded.value) : []
    }),
  )
}

function nameOf({ domain, epoch }: Statement): string {
  return `${toHex(domain)} ${epoch}`
}

/** True when each proof holds and is in no epoch yet, and each accusation and answer counts; words of who leaves aside. */
function isNews(
  { fold }: EpochChain,
  { evidence }: Pick<EpochPools, 'evidence'>,
  body: CutBody,
): boolean {
  const asked = body.evidence.filter(isAmnesia)
  const counting = fold.accusations.copy().takeAll(asked.toSorted((a, b) => a.kind - b.kind))
  const proofs = body.evidence.filter((item) => !isAmnesia(item) && !isFarewell(item))
  return (
    counting.length === asked.length && proofs.every((item) => evidence.newIn(item) !== undefined)
  )
}

/** What is wrong with a header; undefined when this device may vote for it. With a polka it was found fair, `at` any time. */
export function headerProblem(
  judge: CutJudge,
  header: Header,
  { tried, at }: { readonly tried: TriedCut; readonly at: JudgedAt | undefined },
): EpochErrorCode | undefined {
  const scores = tried.folded.scores.scores.length
  if (header.scores !== scores || header.statements !== tried.body.statements.length) {
    return 'EPOCH_FOLD_MISMATCH'
  }
  const situation = at && { ...at, inclusion: inclusionOf(judge, tried, at) }
  return cutProblem(header, tried.view, situation)
}

function inclusionOf(
  { chain, pools }: CutJudge,
  { body, fold }: TriedCut,
  { settledBeforeMs }: JudgedAt,
): Inclusion {
  const { sha256 } = chain.context.crypto
  const { statements, evidence, audits, farewells, owners } = pools
  const { CUT_STATEMENTS_MAX, CUT_EVIDENCE_MAX, CUT_AUDITS_MAX, CUT_OWNERS_MAX } = EPOCH_LIMITS
  const isSettled = ({ sinceMs }: { readonly sinceMs: number }): boolean =>
    sinceMs < settledBeforeMs
  const held = statements.for(chain.next).filter(isSettled)
  const spoken = spokenIn(body)
  const proofs = body.evidence.flatMap((item) => evidence.proven(item) ?? [])
  const leftOut = evidence
    .pending()
    .filter(isSettled)
    .filter(
      ({ proven }) =>
        !proofs.some(
          ({ accused, kind, evidence: id }) =>
            bytesEqual(id, proven.evidence) || (accused === proven.accused && kind === proven.kind),
        ),
    )
  const left = new Set(
    body.evidence.flatMap((item) => chain.fold.departures.read(item)?.device ?? []),
  )
  const leaving = farewells.pending().filter(isSettled)
  const audited = body.audits.flatMap((encoded) => audits.get(sha256(encoded)) ?? [])
  // What counts no more beside what is in is not left out.
  const unaudited = audits.pending(fold.audits.copy()).filter(isSettled)
  const words = body.owners.flatMap((encoded) => owners.get(sha256(encoded)) ?? [])
  const unheard = owners
    .pending(fold.owners.copy())
    .filter((word) => isSettled(word) && owners.hasWaited(word))
  // A cut that is full leaves out the rest, which comes into the next one.
  const heldStatements = body.statements.length < CUT_STATEMENTS_MAX ? held.length : 0
  const heldFarewells = body.evidence.length < CUT_EVIDENCE_MAX ? leaving.length : 0
  const heldAudits = audited.length + (body.audits.length < CUT_AUDITS_MAX ? unaudited.length : 0)
  const heldWords = words.length + (body.owners.length < CUT_OWNERS_MAX ? unheard.length : 0)
  const toldStatements = held.filter(({ statement }) => spoken.has(nameOf(statement))).length
  return {
    held: heldStatements + heldFarewells + heldAudits + heldWords,
    included:
      toldStatements +
      leaving.filter(({ word }) => left.has(word.device)).length +
      audited.length +
      words.length,
    evidenceLeftOut: body.evidence.length < CUT_EVIDENCE_MAX ? leftOut.length : 0,
  }
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : bytesEqual(a, b)
}
