/**
 * The text of one hosted stage: its room, its steps, and what of it need not be run again.
 *
 * @module
 */

import type { Sha256 } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Tensor } from '../../core/tensor.ts'
import {
  drawnTensors,
  InferenceError,
  PREFIX_BLOCK_ROWS,
  prefixChain,
  type FaultCode,
  type OpenRecord,
  type TextRows,
} from '../../protocols/inference/index.ts'
import { loadFaultOf } from './faults.ts'
import { knownRows, knownTensors, type KnownPrefix, type PrefixStore } from './prefix-store.ts'
import type { RunOutcome } from './run-queue.ts'
import type { LoadedStage, StagePool } from './stage-pool.ts'
import type { Room, TextAdmission } from './text-admission.ts'
import { keptBytes, STEP_ROWS_MAX, textBytes } from './text-room.ts'
import { joinedRows, rowsOfPart, type TextPart } from './text-parts.ts'

export interface HostedTextComponents {
  readonly pool: Pick<StagePool, 'teach'>
  readonly admission: Pick<TextAdmission, 'ask'>
  readonly prefixes: PrefixStore
  readonly sha256: Sha256
}

export interface HostedTextInit {
  readonly open: OpenRecord
  readonly text: NonNullable<OpenRecord['text']>
  readonly requester: PeerId
  readonly stage: LoadedStage
  /** Its place in the executor. */
  readonly slot: number
  /** Hears how many texts get memory before it while it waits for some. */
  readonly onWaiting: (before: number) => void
  /** A text of this device needs its memory. */
  readonly onTaken: () => void
}

/** Bytes of what says which rows a step is, for one row alone. */
const ROWS_BYTES = 16

/** What a step gave, and how many of its rows were run for it. */
export interface TextOutcome extends RunOutcome {
  readonly ranRows: number
}

export class HostedText {
  readonly #components: HostedTextComponents
  readonly #init: HostedTextInit
  /** Rows that it may have: what its requester asks for, and no more than its model can. */
  readonly #positionsMax: number
  #room: Room | undefined
  /** True once the executor knows of it. */
  #begun = false
  #known: KnownPrefix | undefined
  /** What ran so far, as far as it may be kept: the token of each row, and what was sent of it. */
  readonly #tokens: number[] = []
  #parts: TextPart[] = []
  /** Where the steps begin that are under way. */
  readonly #running = new Set<TextRows>()

  constructor(components: HostedTextComponents, init: HostedTextInit) {
    this.#components = components
    this.#init = init
    this.#positionsMax = Math.min(init.text.positionsMax, init.stage.positionsMax)
  }

  /** Rows of its prompt that this stage knows. */
  get prefixRows(): number {
    return this.#known?.rows ?? 0
  }

  /** Bytes that its journal may be given by another holder. */
  get sentBytesMax(): number {
    const { stage } = this.#init
    // Guesses that were wrong are in the journal, too.
    return this.#positionsMax * STEP_ROWS_MAX * (stage.text.sentRowBytes + ROWS_BYTES)
  }

  /**
   * Waits for room; why it cannot be had, or undefined when it is there.
   *
   * @throws {RuntimeError} of the executor.
   */
  async admit(): Promise<FaultCode | undefined> {
    const { pool, prefixes } = this.#components
    const { open, text, requester, stage, slot } = this.#init
    const positionsMax = this.#positionsMax
    this.#room = this.#ask()
    const refusal = await this.#room.granted
    if (refusal !== undefined) return refusal
    const guide = stage.text.draws ? text.guide : undefined
    if (guide !== undefined) {
      try {
        await pool.teach(stage, [requester, ...open.route.map(({ peer }) => peer)])
      } catch (error) {
        return loadFaultOf(error)
      }
    }
    // It has left meanwhile: nobody would end what began now.
    if (this.#room === undefined) return 'INFERENCE_SESSION_UNKNOWN'
    const known = this.#mayKnow ? prefixes.find(this.#source, text.prefix ?? []) : undefined
    const after = known === undefined ? undefined : { slot: known.slot, rows: known.rows }
    const { promptTokens, sampling, hashesLogits } = text
    // Nothing is waited for in between: what was found is not forgotten before it is copied.
    const { lone } = stage
    const begun = { slot, positionsMax, promptTokens, sampling, hashesLogits, lone, guide, after }
    this.#begun = true
    await stage.executor.begin(begun)
    this.#known = known
    return undefined
  }

  #ask(): Room {
    const { open, requester, stage, text, onWaiting, onTaken } = this.#init
    const max = this.#positionsMax
    return this.#components.admission.ask({
      name: `${open.session}/${open.stage}`,
      requester,
      bytes: textBytes(stage.text, Math.min(text.promptTokens, max), max),
      bytesMax: textBytes(stage.text, max, max),
      onWaiting,
      onTaken,
    })
  }

  /** @throws {InferenceError} INFERENCE_MEMORY when the text has to give way. */
  #makeRoom(rows: number): void {
    const { stage } = this.#init
    const bytes = textBytes(stage.text, rows, this.#positionsMax)
    if (this.#room?.grow(bytes) !== true) throw new InferenceError({ code: 'INFERENCE_MEMORY' })
  }

  /**
   * Adds rows: those that are known are answered, the others run.
   *
   * @throws {InferenceError} INFERENCE_MEMORY when there is no room for them; {RuntimeError} of the executor.
   */
  async run(tensors: readonly Tensor[], rows: TextRows): Promise<TextOutcome> {
    this.#running.add(rows)
    try {
      const outcome = await this.#ran({ tensors, rows })
      this.#note(rows, outcome.tensors)
      return outcome
    } finally {
      this.#running.delete(rows)
    }
  }

  /** Keys and values of the rows [from, to). @throws {RuntimeError} of the executor. */
  exportRows(from: number, to: number): Promise<readonly Tensor[]> {
    const { stage, slot } = this.#init
    return stage.executor.exportRows({ slot, from, to })
  }

  /** Takes such rows from the holder before. @throws as {@link HostedText.run}. */
  async importRows(from: number, to: number, tensors: readonly Tensor[]): Promise<void> {
    const { stage, slot } = this.#init
    this.#makeRoom(to)
    // The executor has other rows than those that were known.
    this.#known = undefined
    await stage.executor.importRows({ slot, from, to }, tensors)
  }

  /** Gives its room back, or leaves what ran to a text that begins in the same way. */
  leave(): void {
    const { stage, slot } = this.#init
    this.#room?.leave()
    this.#room = undefined
    if (!this.#begun) return
    this.#begun = false
    stage.steps.leave(slot)
    // An executor that has ended keeps nothing.
    if (!this.#keep()) stage.executor.end(slot).catch(() => undefined)
  }

  /** Where such rows come from decides their bits: the same stage, behind the same devices and roundings. */
  get #source() {
    const { open, stage, requester, text } = this.#init
    const before = open.route.slice(0, open.stage).map(({ peer }) => peer)
    const rounded = text.cuts.filter((_, cut) => cut < open.stage && open.wires[cut] === 'f16')
    return { stage, requester, before, rounded }
  }

  /** Of a mean of all rows none may be left out. */
  get #mayKnow(): boolean {
    return this.#init.text.gives === 'tokens'
  }

  async #ran(part: TextPart): Promise<TextOutcome> {
    const { stage, slot } = this.#init
    const { length } = part.rows.tokens
    this.#makeRoom(part.rows.position + length)
    const count = this.#known === undefined ? 0 : knownRows(this.#known, part.rows)
    const rest = count === 0 ? part : rowsOfPart(part, count, length)
    if (count === length) {
      return { tensors: this.#knownTensors(part.rows, count), computeUs: 0, ownUs: 0, ranRows: 0 }
    }
    // From here on the executor has other rows than those that were known.
    const { position } = rest.rows
    if (this.#known !== undefined && position < this.#known.rows) {
      this.#known = { ...this.#known, rows: position }
    }
    const { outputs, ...times } = await stage.steps.run({ slot, ...rest })
    const ranRows = length - count
    if (count === 0 || stage.text.draws) return { tensors: outputs, ...times, ranRows }
    const first = rowsOfPart(part, 0, count)
    const known = { tensors: this.#knownTensors(part.rows, count), rows: first.rows }
    const { tensors } = joinedRows([known, { tensors: outputs, rows: rest.rows }])
    return { tensors, ...times, ranRows }
  }

  #knownTensors({ position }: TextRows, count: number): readonly Tensor[] {
    // Behind a row that is known nothing is drawn.
    if (this.#init.stage.text.draws) return drawnTensors([])
    return this.#known === undefined ? [] : knownTensors(this.#known, position, count)
  }

  #note(rows: TextRows, sent: readonly Tensor[]): void {
    const { position, tokens } = rows
    if (!this.#mayKnow || position > this.#tokens.length) return
    const wentBack = position < this.#tokens.length
    this.#tokens.length = position
    this.#tokens.push(...tokens)
    if (this.#init.stage.text.draws) return
    if (wentBack) this.#parts = partsUpTo(this.#parts, position)
    this.#parts.push({ tensors: sent, rows })
  }

  #keep(): boolean {
    const { prefixes, sha256 } = this.#components
    const { open, stage, slot } = this.#init
    // A step that is still under way may change rows from its first one on.
    const ends = [...this.#running].map(({ position }) => position)
    const length = Math.min(this.#tokens.length, ...ends)
    const rows = length - (length % PREFIX_BLOCK_ROWS)
    if (rows === 0) return false
    const tokens = this.#tokens.slice(0, rows)
    const chain = prefixChain(open.model, tokens, sha256)
    // Copied: what came beside other texts would keep theirs in memory as well.
    const parts = stage.text.draws ? [] : [joinedRows(partsUpTo(this.#parts, rows))]
    const bytes = keptBytes(stage.text, rows)
    if (!prefixes.keep({ ...this.#source, slot, tokens, parts, chain, bytes })) return false
    stage.executor.end(slot, rows).catch(() => undefined)
    return true
  }
}

function partsUpTo(parts: readonly TextPart[], rows: number): TextPart[] {
  return parts.flatMap((part) => {
    const { position, tokens } = part.rows
    if (position >= rows) return []
    return position + tokens.length <= rows ? part : rowsOfPart(part, 0, rows - position)
  })
}
