/**
 * Attestation among the devices of a mesh: answers those who ask, and asks others.
 *
 * @module
 */

import {
  type AnchorSet,
  type Policy,
  shippedAnchors,
  PRODUCTION_POLICY,
  type Handover,
  signHandover,
} from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import {
  ATTEST_FRAME_BYTES_MAX,
  ATTEST_PROTOCOL,
  type AttesterInput,
  AttesterMachine,
  type AttesterOutput,
  type Question,
  type ShownEvidence,
  encodeAttestMessage,
  type VerifierInput,
  VerifierMachine,
  type VerifierOutput,
} from '../../protocols/attest/index.ts'
import { AttesterError, TSM_PATH, type TsmFolder, tsmFolder } from '../attesters/index.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import { runExchange } from '../mesh/exchange.ts'
import type { Link, Network } from '../network/network.ts'
import { AppraisalTable, type Known } from './appraisal-table.ts'
import { anchorsWith, readCertificateFile } from './certificate-file.ts'
import { DeviceEvidence } from './device-evidence.ts'
import { AttestExchangeError } from './errors.ts'
import { policyNamed } from './policy-file.ts'
import { HandoverBook, type HandoverStore } from './handover-book.ts'
import { OpenQuestion } from './question.ts'

export interface AttestationComponents {
  readonly network: Pick<Network, 'handle' | 'open' | 'self'>
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly signer: Signer
  readonly store: HandoverStore
  /** Reports of confidential guests; by default those of the kernel. */
  readonly reports?: TsmFolder
}

export interface AttestationInit {
  /** Where the TPM is; undefined for none. */
  readonly tpmPath: string | undefined
  readonly eventLogPath: string | undefined
  /** PEM files. */
  readonly issuers: readonly string[]
  readonly roots: readonly string[]
  /** `production`, `test`, or a file. */
  readonly policy: string
  readonly version: string
}

/** Devices that are remembered. */
const KNOWN_MAX = 1_024
/** Questions of one peer that are answered within a minute: a TPM is slow, and has other work. */
const ANSWERS_PER_MINUTE_MAX = 6
const MINUTE_MS = 60_000
/** How often it is looked who is to be asked again. */
const RENEW_EVERY_MS = 60_000
/** The last part of a fresh period in which a device is asked again. */
const RENEW_SHARE = 1 / 4
/** A verifier asks one question at a time; a second link is one that was not closed yet. */
const LINKS_PER_PEER_MAX = 2

export class AttestationService implements Startable {
  readonly #components: AttestationComponents
  readonly #init: AttestationInit
  readonly #table = new AppraisalTable(KNOWN_MAX)
  readonly #asked = new Set<PeerId>()
  readonly #underWay = new Map<PeerId, Promise<Known>>()
  readonly #links = new Set<Link>()
  readonly #handovers: HandoverBook
  /** When peers were answered last, on the monotonic clock, oldest first. */
  readonly #answered = new RecentCache<PeerId, readonly number[]>(KNOWN_MAX)
  readonly #stopping = new AbortController()
  #renewing: Promise<void> = Promise.resolve()
  #policy: Policy = PRODUCTION_POLICY
  #anchors: AnchorSet = shippedAnchors()
  #evidence: DeviceEvidence | undefined

  constructor(components: AttestationComponents, init: AttestationInit) {
    this.#components = components
    this.#init = init
    this.#handovers = new HandoverBook(components.store, components.network.self)
    components.network.handle({
      id: ATTEST_PROTOCOL,
      frameBytesMax: ATTEST_FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => this.#accept(link),
    })
  }

  /** @throws {AttestationError} for a policy or a certificate that cannot be read. */
  async start(): Promise<void> {
    const { policy, roots, issuers, tpmPath, eventLogPath, version } = this.#init
    this.#policy = await policyNamed(policy)
    this.#anchors = await anchorsWith(roots)
    const sent = await Promise.all(issuers.map((path) => readCertificateFile(path)))
    this.#evidence = new DeviceEvidence(
      { ...this.#components, reports: this.#components.reports ?? tsmFolder(TSM_PATH) },
      {
        tpmPath,
        eventLogPath,
        version,
        issuers: sent.flat(),
      },
    )
    this.#renewing = this.#renew(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#renewing
    for (const link of this.#links) link.abort()
    await Promise.allSettled(this.#underWay.values())
  }

  /** What every device that was asked is taken for. */
  known(): readonly Known[] {
    const nowMs = this.#components.clock.wallMs()
    return [...this.#asked].flatMap((peer) => this.#table.get(peer, nowMs) ?? [])
  }

  /**
   * Asks `peer` for evidence, and resolves to what it is taken for then.
   *
   * @throws {AttestExchangeError} when it did not answer; what it was taken for stays.
   * @throws {NetworkError} when it cannot be reached.
   */
  ask(peer: PeerId): Promise<Known> {
    const already = this.#underWay.get(peer)
    if (already !== undefined) return already
    const asking = this.#ask(peer).finally(() => this.#underWay.delete(peer))
    this.#underWay.set(peer, asking)
    return asking
  }

  /**
   * Signs that this device gives its TPM to another, which must be told.
   *
   * @throws {AttesterError} `ATTESTER_TPM_UNAVAILABLE`.
   */
  async handover(to: PeerId): Promise<Uint8Array> {
    const hardwareId = await this.#evidence?.hardwareId()
    if (hardwareId === undefined) {
      const path = this.#init.tpmPath ?? 'none'
      throw new AttesterError({ code: 'ATTESTER_TPM_UNAVAILABLE', path })
    }
    const signedAtMs = Math.floor(this.#components.clock.wallMs())
    return signHandover(this.#components.signer, { hardwareId, to, signedAtMs })
  }

  /** Keeps a handover to this device. @throws {AttestationError} `SELF_HANDOVER`. */
  acceptHandover(encoded: Uint8Array): Promise<Handover> {
    return this.#handovers.accept(encoded)
  }

  /** Asks those again whose appraisal is about to count less: a reboot or another key shows then. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#components
    for (;;) {
      await clock.sleep(RENEW_EVERY_MS, signal)
      if (signal.aborted) return
      for (const { peer, appraisal } of this.known()) {
        if (signal.aborted) return
        const { appraisedAtMs, freshUntilMs } = appraisal
        const dueMs = freshUntilMs - (freshUntilMs - appraisedAtMs) * RENEW_SHARE
        // What reaches no tier is not asked again by itself: nothing would come of it.
        if (appraisal.tier === 'none' || clock.wallMs() < dueMs) continue
        try {
          await this.ask(peer)
        } catch (error) {
          // It decays until it can be reached again.
          logger.debug('not-renewed', { peer, error })
        }
      }
    }
  }

  async #ask(peer: PeerId): Promise<Known> {
    const { network, clock, random } = this.#components
    const question = new OpenQuestion({
      attester: peer,
      verifier: network.self,
      random,
      policy: this.#policy,
      anchors: this.#anchors,
    })
    const link = await network.open(peer, ATTEST_PROTOCOL, {
      frameBytesMax: ATTEST_FRAME_BYTES_MAX,
    })
    this.#links.add(link)
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    const machine = new VerifierMachine(question.nonce)
    const perform = (output: VerifierOutput, feed: (input: VerifierInput) => void): void => {
      switch (output.type) {
        case 'send':
          return link.send(encodeAttestMessage(output.message))
        case 'prepare':
          return feed({
            type: 'prepared',
            credential: question.credential(output.keys),
            registers: this.#policy.tpm.pcrs,
          })
        case 'appraise':
          return feed({ type: 'appraised', result: this.#appraised(peer, question, output.shown) })
        case 'over':
          return output.fault === undefined
            ? resolve()
            : reject(new AttestExchangeError(output.fault))
      }
    }
    runExchange<VerifierInput, VerifierOutput>({ link, clock, machine, perform })
    // A link that was over before anybody listened tells nobody.
    if (!link.open) reject(new AttestExchangeError('ATTEST_LINK_ENDED'))
    try {
      await promise
      await link.close()
    } finally {
      link.abort()
      this.#links.delete(link)
    }
    const known = this.#table.get(peer, clock.wallMs())
    if (known === undefined) throw new AttestExchangeError('ATTEST_LINK_ENDED')
    return known
  }

  #appraised(peer: PeerId, question: OpenQuestion, shown: ShownEvidence) {
    const nowMs = this.#components.clock.wallMs()
    this.#table.put(peer, question.answer(shown, nowMs))
    this.#asked.add(peer)
    const known = this.#table.get(peer, nowMs)
    const { tier = 'none', scoreMicros = 0 } = known?.appraisal ?? {}
    return { tier, scoreMicros, codes: known?.codes.slice(0, 32) ?? [] }
  }

  #accept(link: Link): void {
    const evidence = this.#evidence
    if (evidence === undefined || !this.#mayAsk(link.peer)) return link.abort()
    this.#links.add(link)
    const { clock, logger } = this.#components
    const perform = (output: AttesterOutput, feed: (input: AttesterInput) => void): void => {
      switch (output.type) {
        case 'send':
          return link.send(encodeAttestMessage(output.message))
        case 'identify':
          void evidence.keys().then((keys) => feed({ type: 'identified', keys }))
          return
        case 'attest':
          void this.#shown(evidence, output.question, link.peer).then((shown) =>
            feed({ type: 'attested', shown }),
          )
          return
        case 'over':
          logger.debug('attested', { peer: link.peer, ...output })
          if (output.fault !== undefined) link.abort()
      }
    }
    const machine = new AttesterMachine()
    const onEnd = (): void => void this.#links.delete(link)
    runExchange<AttesterInput, AttesterOutput>({ link, clock, machine, perform, onEnd })
  }

  /** Counts a question of `peer`; false when it asked too often. */
  #mayAsk(peer: PeerId): boolean {
    const nowMs = this.#components.clock.monotonicMs()
    const recent = (this.#answered.get(peer) ?? []).filter((atMs) => nowMs - atMs < MINUTE_MS)
    if (recent.length >= ANSWERS_PER_MINUTE_MAX) return false
    this.#answered.set(peer, [...recent, nowMs])
    return true
  }

  async #shown(
    evidence: DeviceEvidence,
    question: Question,
    verifier: PeerId,
  ): Promise<ShownEvidence> {
    const pieces = await evidence.pieces(question, verifier)
    return { pieces, handovers: await this.#handovers.all() }
  }
}
