/**
 * Audits of this device: what others did for it is run again by others still, and it runs for them what they had done.
 *
 * @module
 */

import { fromHex, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId, SessionId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  AUDIT_LIMITS,
  type AuditAnswer,
  auditorOrder,
  type Draw,
  type AuditQuestion,
  drawnRequests,
  partOf,
} from '../../protocols/audit/index.ts'
import type { OpenRecord, SignedReceipt } from '../../protocols/inference/index.ts'
import type { MeshMembership } from '../mesh/mesh-membership.ts'
import type { Link, Network, ProtocolInit } from '../network/network.ts'
import { answerQuestions } from '../witness/question-link.ts'
import { auditProtocol } from './audit-protocol.ts'
import type { AuditRecords } from './audit-records.ts'
import { Auditor } from './auditor.ts'
import type { Beacon, BeaconSource } from './beacons.ts'
import { Conductor } from './conductor.ts'
import { encodeEvidence, taskId } from './evidence.ts'
import type { RerunComponents } from './rerun.ts'
import type { Tapes } from './tapes.ts'

/** A stage that another device held in a session that is over, and its last word. */
export interface DoneStage {
  readonly open: OpenRecord
  readonly receipt: SignedReceipt
  /** What went into the stage and came out of it. */
  readonly bytes: number
}

export interface AuditsComponents {
  readonly network: Pick<Network, 'open' | 'peers'>
  readonly mesh: Pick<MeshMembership, 'current' | 'members'>
  readonly clock: Clock
  readonly crypto: Crypto
  readonly random: Random
  readonly logger: Logger
  readonly signer: Signer
  readonly tapes: Tapes
  readonly records: AuditRecords
  readonly beacons: BeaconSource
  /** Asked for late: stages are composed after this. */
  readonly rerun: () => RerunComponents
  /** True while this device runs stages for others. */
  readonly lends: () => boolean
}

export interface AuditsInit {
  /** False to have nothing audited that others did for this device. */
  readonly conduct: boolean
  /** False to run nothing again for others. */
  readonly serve: boolean
}

/** Stages that wait for their audit, or for a beacon. */
const WAITING_MAX = 256

/** How long the next epoch's beacon is waited for, in milliseconds: two epochs. */
const BEACON_WAIT_MS = 600_000
const BEACON_POLL_MS = 1_000
/**
 * Bytes of this device's own work that a provider surely keeps for it, an eighth of what it keeps by default. What
 * came before so many more may have been given up; half of it is not waited for with the beacon of an epoch.
 */
const KEPT_BYTES_MIN = 8 * 2 ** 20
/** One stage through which more went may have had to give way to itself: half of what a provider keeps by default. */
const SESSION_BYTES_KEPT = 32 * 2 ** 20
/** What a provider needs for a request beside its tensors, in bytes. */
const REQUEST_BYTES = 2_048
const PROVIDERS_COUNTED_MAX = 1_024
const TAPES_SWEPT_EVERY_MS = 120_000

interface Waiting extends DoneStage {
  /** The epoch that was certified last when the work was done; the draw is by a later one. */
  readonly after: number | undefined
  readonly sinceMs: number
  /** Bytes that had gone through its provider by then. */
  readonly through: number
}

/** Evidence that is being fetched, so that each of its parts is not made anew. */
interface Shown {
  readonly key: string
  readonly bytes: Uint8Array
}

export class Audits implements Startable {
  readonly #components: AuditsComponents
  readonly #init: AuditsInit
  readonly #waiting: Waiting[] = []
  /** Bytes of this device's work that went through each provider. */
  readonly #through = new RecentCache<PeerId, number>(PROVIDERS_COUNTED_MAX)
  readonly #stopped = new AbortController()
  #serving = false
  #work: Promise<void> | undefined
  #sweeping: Promise<void> | undefined

  constructor(components: AuditsComponents, init: AuditsInit) {
    this.#components = components
    this.#init = init
  }

  /** What the network is to serve. */
  get protocol(): ProtocolInit {
    return {
      id: AUDIT_LIMITS.AUDIT_PROTOCOL,
      frameBytesMax: AUDIT_LIMITS.AUDIT_FRAME_BYTES_MAX,
      linksPerPeerMax: AUDIT_LIMITS.LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => this.#accept(link),
    }
  }

  /** Audits that are under way or wait. */
  get pending(): number {
    return this.#waiting.length + (this.#work === undefined ? 0 : 1)
  }

  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    await this.#components.records.start()
    this.#sweeping = this.#sweep()
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    this.#waiting.length = 0
    await Promise.all([this.#work, this.#sweeping])
  }

  /** A session ended well: what others did in it may be audited. */
  offer(stages: readonly DoneStage[]): void {
    const { conduct } = this.#init
    const { clock, signer, beacons } = this.#components
    if (!conduct || this.#stopped.signal.aborted) return
    const after = beacons.latest()?.epoch
    const sinceMs = clock.monotonicMs()
    for (const stage of stages) {
      const { provider, requests } = stage.receipt.receipt
      if (provider === signer.peer || requests === 0) continue
      const before = this.#through.get(provider) ?? 0
      const through = before + stage.bytes + REQUEST_BYTES * requests
      this.#through.set(provider, through)
      this.#waiting.push({ ...stage, after, sinceMs, through })
    }
    // Nobody knows which of them would have been drawn.
    this.#waiting.splice(0, Math.max(0, this.#waiting.length - WAITING_MAX))
    this.#work ??= this.#workOff().finally(() => {
      this.#work = undefined
    })
  }

  /** What went through stages here is not kept for longer than anybody may ask for it. */
  async #sweep(): Promise<void> {
    const { clock, tapes } = this.#components
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await clock.sleep(TAPES_SWEPT_EVERY_MS, signal)
      tapes.sweep()
    }
  }

  async #workOff(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      const next = this.#waiting.shift()
      if (next === undefined) return
      const beacon = await this.#beaconFor(next)
      if (beacon === undefined || signal.aborted) continue
      await this.#audit(next, beacon)
    }
  }

  /**
   * A beacon that nobody knew when the work was done; undefined when the mesh certifies none any more.
   * Where so much is done that its evidence would be gone by then, this device draws for itself.
   */
  async #beaconFor(waiting: Waiting): Promise<Beacon | undefined> {
    const { after, sinceMs } = waiting
    const { beacons, clock, random } = this.#components
    const { signal } = this.#stopped
    for (;;) {
      const latest = beacons.latest()
      if (latest === undefined || this.#bytesSince(waiting) > KEPT_BYTES_MIN / 2) {
        return { epoch: undefined, value: random.bytes(AUDIT_LIMITS.HASH_BYTES) }
      }
      if (after === undefined || (latest.epoch ?? 0) > after) return latest
      if (clock.monotonicMs() - sinceMs > BEACON_WAIT_MS || signal.aborted) return undefined
      await clock.sleep(BEACON_POLL_MS, signal)
    }
  }

  /** Bytes of this device's work that went through a provider after `waiting` had. */
  #bytesSince({ receipt, through }: Waiting): number {
    return (this.#through.get(receipt.receipt.provider) ?? through) - through
  }

  /** True when the provider need not have kept what was done. */
  #mayBeGone(waiting: Waiting): boolean {
    const late = this.#components.clock.monotonicMs() - waiting.sinceMs > BEACON_WAIT_MS
    const long = waiting.bytes > SESSION_BYTES_KEPT
    return late || long || this.#bytesSince(waiting) > KEPT_BYTES_MIN
  }

  async #audit(waiting: Waiting, { epoch, value: beacon }: Beacon): Promise<void> {
    const { crypto, clock, records, logger, beacons } = this.#components
    const { open, receipt } = waiting
    const { provider, requests: count } = receipt.receipt
    const task = taskId(crypto, { receipt })
    const draw = { beacon, task }
    const rate = records.rateOf(provider)
    const requests = drawnRequests(crypto.sha256, draw, { requests: count, rate })
    if (requests.length === 0) return
    const startMs = clock.monotonicMs()
    const conductor = new Conductor(
      { ...this.#components, mesh: () => this.network },
      {
        open,
        receipt,
        epoch,
        beacon,
        requests,
        auditors: this.#auditorsOf(receipt, draw, epoch),
        mayBeGone: () => this.#mayBeGone(waiting),
      },
    )
    const { outcome, verdicts } = await conductor.run()
    if (this.#stopped.signal.aborted) return
    logger.info('work audited', { peer: provider, task: toHex(task), outcome })
    const isForAll = epoch !== undefined && (outcome === 'passed' || outcome === 'failed')
    if (isForAll) beacons.tell(receipt, verdicts)
    try {
      await records.add({
        task,
        session: open.session,
        stage: open.stage,
        provider,
        requests: count,
        compared: requests.length,
        epoch,
        outcome,
        endedWallMs: clock.wallMs(),
        elapsedMs: Math.round(clock.monotonicMs() - startMs),
        verdicts,
      })
    } catch (error) {
      // It counts as long as this daemon runs, and is lost then.
      logger.warn('audit not kept', { error })
    }
  }

  /** Who is asked: those first whose verdicts count for others, where there are such. */
  #auditorsOf(receipt: SignedReceipt, draw: Draw, epoch: number | undefined): readonly PeerId[] {
    const { crypto, beacons } = this.#components
    const { provider, requester } = receipt.receipt
    const there = auditorOrder(crypto.sha256, draw, this.#strangersTo(receipt))
    if (epoch === undefined) return there
    const drawn = new Set(beacons.drawn(epoch, draw.task, [provider, requester]))
    return [...there.filter((peer) => drawn.has(peer)), ...there.filter((peer) => !drawn.has(peer))]
  }

  /** Members whose owners had no part in the work, and who are there now. */
  #strangersTo({ receipt }: SignedReceipt): readonly PeerId[] {
    const { mesh, network, beacons } = this.#components
    const parties = new Set(
      [receipt.provider, receipt.requester].map((peer) => beacons.ownerOf(peer)),
    )
    const near = new Set(network.peers().map(({ peer }) => peer))
    return mesh
      .members()
      .filter(({ role }) => role === 'worker')
      .map(({ peer }) => peer)
      .filter((peer) => near.has(peer) && !parties.has(beacons.ownerOf(peer)))
  }

  /** Id of the mesh; undefined in none. */
  get network(): Uint8Array | undefined {
    const id = this.#components.mesh.current()?.id
    return id === undefined ? undefined : fromHex(id)
  }

  #accept(link: Link): void {
    const { clock } = this.#components
    const auditor = new Auditor(
      {
        ...this.#components,
        rerun: this.#components.rerun(),
        mesh: () => this.network,
        begin: () => this.#begin(),
      },
      link.peer,
    )
    let shown: Shown | undefined
    answerQuestions({
      link,
      clock,
      protocol: auditProtocol,
      answer: async (question) => {
        if (question.type !== 'evidence') return auditor.answer(question)
        shown = this.#shown(link.peer, question, shown)
        return shown === undefined
          ? { type: 'gone' }
          : ({ type: 'evidence', ...partOf(shown.bytes, question.from) } satisfies AuditAnswer)
      },
      onEnd: () => auditor.close(),
    })
  }

  /** One audit for others at a time, and none while nothing is lent. */
  #begin(): (() => void) | undefined {
    if (this.#serving || !this.#init.serve || !this.#components.lends()) return undefined
    this.#serving = true
    return () => {
      this.#serving = false
    }
  }

  #shown(
    peer: PeerId,
    { session, stage, requests }: AuditQuestion & { readonly type: 'evidence' },
    before: Shown | undefined,
  ): Shown | undefined {
    const key = `${toHex(session)}/${stage}/${requests.join()}`
    if (before?.key === key) return before
    const which = { session: toHex(session) as SessionId, stage }
    const evidence = this.#components.tapes.show(peer, which, requests)
    return evidence === undefined ? undefined : { key, bytes: encodeEvidence(evidence) }
  }
}
