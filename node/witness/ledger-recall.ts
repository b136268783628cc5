/**
 * Asks peers, after a start, what they hold of this device's own ledger, and gets back what it lost.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import { bytesEqual } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { TimePassed } from '../../core/machine.ts'
import type { RecalledHead } from '../../ledger/index.ts'
import { RecallMachine, type RecallInput, type RecallOutput } from '../../protocols/ledger/index.ts'
import type { LedgerPeers, OwnLog, RecalledLedger } from '../ledger/ledger-peers.ts'
import { schedule } from '../mesh/exchange.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import { type HeldBySource, LedgerSource } from './ledger-source.ts'
import type { NearMembers } from './near-members.ts'
import type { QuestionComponents } from './question-link.ts'

export interface LedgerRecallComponents extends QuestionComponents {
  readonly clock: Clock
  readonly logger: Logger
  readonly near: NearMembers
}

/** What each peer that answered holds. */
type Heard = ReadonlyMap<PeerId, HeldBySource>

export class LedgerRecall implements LedgerPeers {
  readonly #components: LedgerRecallComponents
  /** What was heard when the first damaged entry was looked for: a damaged store lacks several. */
  #heard: { readonly log: Uint8Array; readonly held: Promise<Heard> } | undefined

  constructor(components: LedgerRecallComponents) {
    this.#components = components
  }

  async recall(own: OwnLog, signal: AbortSignal): Promise<RecalledLedger> {
    const held = await this.#askAll(own, signal)
    const answers = [...held.values()]
    return {
      answers: answers.map(({ newest }) => newest),
      whole: answers.flatMap(({ whole }) => whole ?? []),
      suffix: (head, from) => this.#suffix(own, held, { head, from }),
    }
  }

  async entry(own: OwnLog, seq: number, signal: AbortSignal): Promise<Uint8Array | undefined> {
    if (this.#heard === undefined || !bytesEqual(this.#heard.log, own.log)) {
      this.#heard = { log: own.log, held: this.#askAll(own, signal) }
    }
    for (const [peer, { whole }] of await this.#heard.held) {
      if (whole === undefined || whole.head.size <= seq) continue
      const [entry] = (await this.#entries(own, peer, { from: seq, to: seq + 1 })) ?? []
      if (entry !== undefined) return entry
    }
    return undefined
  }

  /** What each peer that answered holds, once the machine has heard enough. */
  async #askAll(own: OwnLog, signal: AbortSignal): Promise<Heard> {
    const { clock, near } = this.#components
    const held = new Map<PeerId, HeldBySource>()
    const { promise, resolve } = Promise.withResolvers<void>()
    const perform = (output: RecallOutput): void => {
      if (output.type === 'enough') resolve()
      else void this.#ask(own, output.peer, held).then((input) => driver.feed(input))
    }
    const driver = new MachineDriver<RecallInput | TimePassed, RecallOutput>(new RecallMachine(), {
      nowMs: () => clock.monotonicMs(),
      schedule: (atMs, callback) => schedule(clock, atMs, callback),
      perform,
    })
    const stopListening = near.onNear((peer) => driver.feed({ type: 'connected', peer }))
    signal.addEventListener('abort', () => resolve(), { once: true })
    for (const peer of near.inOrder(own.log)) driver.feed({ type: 'connected', peer })
    driver.feed({ type: 'begun', others: near.met })
    await promise
    stopListening()
    driver.stop()
    return held
  }

  async #ask(
    { context, device }: OwnLog,
    peer: PeerId,
    held: Map<PeerId, HeldBySource>,
  ): Promise<RecallInput> {
    try {
      await using source = await LedgerSource.open(this.#components, context, peer)
      held.set(peer, await source.heads(device))
      return { type: 'answered', peer }
    } catch (error) {
      // Others are asked as well; that nobody answered is a case of its own.
      this.#components.logger.debug('not recalled', { peer, error })
      return { type: 'failed', peer }
    }
  }

  async #suffix(
    own: OwnLog,
    held: Heard,
    { head, from }: { readonly head: RecalledHead; readonly from: number },
  ): Promise<readonly Uint8Array[] | undefined> {
    for (const [peer, { whole }] of held) {
      if (whole === undefined || !bytesEqual(whole.head.root, head.head.root)) continue
      const entries = await this.#entries(own, peer, { from, to: head.head.size })
      if (entries !== undefined) return entries
    }
    return undefined
  }

  /** Entries of the own log as `peer` has them; undefined unless it gives all. */
  async #entries(
    { context, device }: OwnLog,
    peer: PeerId,
    { from, to }: { readonly from: number; readonly to: number },
  ): Promise<readonly Uint8Array[] | undefined> {
    const entries: Uint8Array[] = []
    try {
      await using source = await LedgerSource.open(this.#components, context, peer)
      while (from + entries.length < to) {
        const page = await source.entries(device, from + entries.length, to)
        if (page.length === 0) return undefined
        entries.push(...page)
      }
      return entries
    } catch (error) {
      this.#components.logger.debug('entries not given back', { peer, error })
      return undefined
    }
  }
}
