/**
 * Attestation among the devices of a mesh: answers those who ask, and asks others.
 *
 * @module
 */

import {
  type Handover,
  isVendorSigned,
  type Revocation,
  type RevocationReason,
  sealEnvelope,
  type PiecesRules,
  PRODUCTION_POLICY,
  shippedAnchors,
  signHandover,
  signRevocation,
  type Tier,
} from '../../attestation/index.ts'
import type { Clock } from '../../core/clock.ts'
import type { Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { RecentCache } from '../../core/recent-cache.ts'
import {
  ATTEST_FRAME_BYTES_MAX,
  ATTEST_PROTOCOL,
  type AttestResult,
} from '../../protocols/attest/index.ts'
import {
  AttesterError,
  NSM_PATH,
  type NsmDevice,
  nsmDevice,
  TSM_PATH,
  type TsmFolder,
  tsmFolder,
} from '../attesters/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import type { Network } from '../network/network.ts'
import { Answering } from './answering.ts'
import { type Answer, AppraisalTable, type Known } from './appraisal-table.ts'
import { Asking } from './asking.ts'
import { anchorsWith, readCertificateFile } from './certificate-file.ts'
import { DeviceEvidence } from './device-evidence.ts'
import { AttestExchangeError } from './errors.ts'
import type { AttestationStore } from './attestation-store.ts'
import { CollateralCupboard } from './collateral-cupboard.ts'
import { Conveyor, type ConveyorMesh } from './conveyor.ts'
import { appraiseEnvelope, type EpochAppraisal } from './epoch-appraisal.ts'
import { EnvelopeBook } from './envelope-book.ts'
import { HandoverBook } from './handover-book.ts'
import { policyNamed } from './policy-file.ts'
import { manifestIn, releaseKeysIn } from './release-file.ts'
import { ResultDesk } from './result-desk.ts'
import type { HeldResult } from './result-book.ts'
import { RevocationBook } from './revocation-book.ts'
import { TpmWatch } from './tpm-watch.ts'

export interface AttestationComponents {
  readonly network: Pick<Network, 'handle' | 'open' | 'publish' | 'subscribe' | 'self'>
  readonly mesh: ConveyorMesh
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  readonly signer: Signer
  readonly store: AttestationStore
  /** Reports of confidential guests; by default those of the kernel. */
  readonly reports?: TsmFolder
  /** The security module of an enclave; by default that of the kernel. */
  readonly nsm?: NsmDevice
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
  /** True to have a key of the TPM sign each question. */
  readonly bindingKey: boolean
  /** The signed manifest of the release that this device runs; empty for none. */
  readonly manifest: string
  /** PEM files of keys that sign releases. */
  readonly releaseKeys: readonly string[]
}

/** By what evidence is judged. */
type Rules = Pick<PiecesRules, 'policy' | 'anchors' | 'releaseKeys'>

const DAY_MS = 86_400_000
/** Devices that are remembered. */
const KNOWN_MAX = 1_024
/** How often it is looked who is to be asked again. */
const RENEW_EVERY_MS = 60_000
/** The last part of a fresh period in which a device is asked again. */
const RENEW_SHARE = 1 / 4
/** Least time between two questions to a device that somebody calls for. */
const RECALL_MS_MIN = 60_000
/** A verifier asks one question at a time; a second link is one that was not closed yet. */
const LINKS_PER_PEER_MAX = 2
/** Codes that the device itself is told of. */
const CODES_TOLD_MAX = 32

export class AttestationService implements Startable {
  readonly #components: AttestationComponents
  readonly #init: AttestationInit
  readonly #table = new AppraisalTable(KNOWN_MAX)
  readonly #asked = new Set<PeerId>()
  readonly #underWay = new Map<PeerId, Promise<Known>>()
  readonly collateral: CollateralCupboard
  readonly #conveyor: Conveyor
  readonly #envelopes: EnvelopeBook
  readonly #desk: ResultDesk
  readonly #calls: RevocationBook
  readonly #watch: TpmWatch
  /** When devices were asked because somebody called, on the monotonic clock. */
  readonly #recalled = new RecentCache<PeerId, number>(KNOWN_MAX)
  readonly #handovers: HandoverBook
  readonly #answering: Answering
  readonly #stopping = new AbortController()
  #asking: Asking
  #rules: Rules = { policy: PRODUCTION_POLICY, anchors: shippedAnchors(), releaseKeys: [] }
  #renewing: Promise<void> = Promise.resolve()
  #evidence: DeviceEvidence | undefined

  constructor(components: AttestationComponents, init: AttestationInit) {
    this.#components = components
    this.#init = init
    this.#handovers = new HandoverBook(components.store, components.network.self)
    this.#answering = new Answering({ ...components, handovers: this.#handovers })
    this.collateral = new CollateralCupboard(components, shippedAnchors())
    this.#envelopes = new EnvelopeBook((peer) => this.#isMember(peer))
    const isMember = (peer: PeerId): boolean => this.#isMember(peer)
    this.#desk = new ResultDesk({
      ...components,
      isMember,
      publish: (kind, body) => this.#conveyor.publish(kind, body),
      fetch: (peer, kind, id) => this.#conveyor.fetch(peer, kind, id),
    })
    this.#calls = new RevocationBook({ ...components, isMember })
    this.#calls.onTaken((call) => void this.#onCall(call))
    this.#watch = new TpmWatch(components.store)
    this.#conveyor = new Conveyor(components, {
      collateral: this.collateral,
      envelope: this.#envelopes,
      evidence: this.#desk.evidence,
      result: this.#desk.results,
      revocation: this.#calls,
    })
    this.collateral.onAdded(({ item, encoded }) => {
      if (isVendorSigned(item)) void this.#conveyor.publish('collateral', encoded)
    })
    this.#asking = this.#newAsking()
    components.network.handle({
      id: ATTEST_PROTOCOL,
      frameBytesMax: ATTEST_FRAME_BYTES_MAX,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => {
        if (this.#evidence === undefined) link.abort()
        else this.#answering.accept(link, this.#evidence)
      },
    })
  }

  /** @throws {AttestationError} for a policy or a certificate that cannot be read. */
  async start(): Promise<void> {
    const { policy, roots, issuers } = this.#init
    const [rules, anchors] = [await policyNamed(policy), await anchorsWith(roots)]
    await this.collateral.start({ anchors, graceMs: rules.graceDays * DAY_MS })
    const releaseKeys = await releaseKeysIn(this.#init.releaseKeys)
    this.#rules = { policy: rules, anchors, releaseKeys }
    this.#asking = this.#newAsking()
    for (const { peer, answer } of await this.#desk.start(this.#rulesNow())) {
      this.#table.put(peer, answer)
      this.#asked.add(peer)
    }
    const manifest = await manifestIn(this.#init.manifest)
    const sent = await Promise.all(issuers.map((path) => readCertificateFile(path)))
    this.#evidence = new DeviceEvidence(
      {
        ...this.#components,
        reports: this.#components.reports ?? tsmFolder(TSM_PATH),
        nsm: this.#components.nsm ?? nsmDevice(NSM_PATH),
      },
      { ...this.#init, issuers: sent.flat(), manifest },
    )
    this.#conveyor.start()
    this.#renewing = this.#renew(this.#stopping.signal)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#renewing
    await this.#conveyor.stop()
    await this.#desk.stop()
    this.#answering.stop()
    this.#asking.stop()
    await Promise.allSettled(this.#underWay.values())
  }

  get self(): PeerId {
    return this.#components.network.self
  }

  /** What every device that was asked is taken for. */
  known(): readonly Known[] {
    const nowMs = this.#components.clock.wallMs()
    return [...this.#asked].flatMap((peer) => this.#table.get(peer, nowMs) ?? [])
  }

  /** What `peer` is taken for now, by evidence that was seen; undefined when it was never asked. */
  tierOf(peer: PeerId): Tier | undefined {
    return this.#table.get(peer, this.#components.clock.wallMs())?.tierNow
  }

  /** What others may find for this device if they ask it. */
  async offered(): ReturnType<DeviceEvidence['offered']> {
    return (await this.#evidence?.offered()) ?? { tier: 'self', kinds: ['self'] }
  }

  /**
   * Asks `peer`, which may be this device, and resolves to what it is taken for then.
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
   * Asks those of `peers` whose appraisal is not fresh. Resolves when all have answered, or `signal` aborts.
   * Never rejects: who does not answer is not believed.
   */
  async refresh(peers: readonly PeerId[], signal?: AbortSignal): Promise<void> {
    const nowMs = this.#components.clock.wallMs()
    const due = peers.filter((peer) => {
      const known = this.#table.get(peer, nowMs)
      return known === undefined || nowMs > known.appraisal.freshUntilMs
    })
    const answered = Promise.all(due.map((peer) => this.#askQuietly(peer)))
    const aborted = Promise.withResolvers<void>()
    const abort = (): void => aborted.resolve()
    signal?.addEventListener('abort', abort, { once: true })
    if (signal?.aborted !== true) await Promise.race([answered, aborted.promise])
    signal?.removeEventListener('abort', abort)
  }

  /**
   * Shows this device's evidence of an epoch to all members, once, and resolves to what
   * the evidence of all comes to that has come so far.
   *
   * @param epoch - 32 bytes that nobody could foresee, such as a consensus makes.
   */
  async epoch(epoch: Uint8Array): Promise<readonly EpochAppraisal[]> {
    const { network, clock, signer } = this.#components
    const held = this.#envelopes.of(epoch)
    if (!held.some(({ attester }) => attester === network.self) && this.#evidence !== undefined) {
      const pieces = await this.#evidence.epochPieces(epoch, this.#rules.policy.tpm.pcrs)
      const issuedS = Math.floor(clock.wallMs() / 1000)
      const encoded = sealEnvelope(signer, { epoch, issuedS, pieces })
      await this.#envelopes.take(encoded)
      await this.#conveyor.publish('envelope', encoded)
    }
    // A TPM's key counts where it was seen to live in that TPM: that needs one exchange, ever.
    const envelopes = this.#envelopes.of(epoch)
    const unknown = envelopes.filter(({ attester }) => this.#table.get(attester, 0) === undefined)
    await Promise.all(unknown.map(({ attester }) => this.#askQuietly(attester)))
    const rules = { ...this.#rulesNow(), nowMs: clock.wallMs() }
    return envelopes.map((envelope) =>
      appraiseEnvelope(envelope, this.#table.activationOf(envelope.attester), rules),
    )
  }

  /** What members found about one another, as far as it has come. */
  results(): readonly HeldResult[] {
    return this.#desk.results.list()
  }

  /** Forgets what `peer` has shown, and calls on all others to ask it again. */
  async revoke(peer: PeerId): Promise<void> {
    this.#table.forget(peer)
    this.#asked.delete(peer)
    await this.#desk.forget(peer)
    await this.#call(peer, 'operator')
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

  #isMember(peer: PeerId): boolean {
    const { mesh, network } = this.#components
    return peer === network.self || mesh.members().some((member) => member.peer === peer)
  }

  #rulesNow() {
    return { ...this.#rules, shelf: this.collateral.shelf, verify: nodeCrypto.verify }
  }

  #newAsking(): Asking {
    const judge = (peer: PeerId, answer: Answer): AttestResult => this.#judged(peer, answer)
    return new Asking(this.#components, { ...this.#rulesNow(), judge })
  }

  /** Asks those again whose appraisal is about to count less: a reboot or another key shows then. */
  async #renew(signal: AbortSignal): Promise<void> {
    const { clock } = this.#components
    for (;;) {
      await this.#lookAtTpm()
      await clock.sleep(RENEW_EVERY_MS, signal)
      if (signal.aborted) return
      this.#conveyor.sweep()
      for (const { peer, appraisal } of this.known()) {
        if (signal.aborted) return
        const { appraisedAtMs, freshUntilMs } = appraisal
        const dueMs = freshUntilMs - (freshUntilMs - appraisedAtMs) * RENEW_SHARE
        // What reaches no tier is not asked again by itself: nothing would come of it.
        if (appraisal.tier === 'none' || clock.wallMs() < dueMs) continue
        await this.#askQuietly(peer)
      }
    }
  }

  /** Tells the others when this device is not what it was. */
  async #lookAtTpm(): Promise<void> {
    const { network, logger } = this.#components
    const state = await this.#evidence?.state(this.#rules.policy.tpm.pcrs)
    const reason = state === undefined ? undefined : await this.#watch.look(state)
    if (reason === undefined) return
    logger.info('tpm changed', { reason })
    await this.#call(network.self, reason)
  }

  /** Calls on all members to ask a device again. */
  async #call(attester: PeerId, reason: RevocationReason): Promise<void> {
    const { clock, signer } = this.#components
    const atMs = Math.floor(clock.wallMs())
    const encoded = signRevocation(signer, { attester, reason, atMs })
    await this.#calls.take(encoded)
    await this.#conveyor.publish('revocation', encoded)
  }

  /** Asks a device that somebody calls for, if it was appraised before; nothing else follows from a call. */
  async #onCall({ attester, by, atMs }: Revocation): Promise<void> {
    const { network, clock } = this.#components
    const known = this.#table.get(attester, clock.wallMs())
    if (by === network.self || known === undefined || attester === network.self) return
    const nowMs = clock.monotonicMs()
    const lately = nowMs - (this.#recalled.get(attester) ?? -Infinity) < RECALL_MS_MIN
    if (known.appraisal.appraisedAtMs >= atMs || lately) return
    this.#recalled.set(attester, nowMs)
    await this.#askQuietly(attester)
  }

  /** Asks; what is known of a device that does not answer decays until it can be reached again. */
  async #askQuietly(peer: PeerId): Promise<void> {
    try {
      await this.ask(peer)
    } catch (error) {
      this.#components.logger.debug('not-attested', { peer, error })
    }
  }

  async #ask(peer: PeerId): Promise<Known> {
    const { network, clock } = this.#components
    if (peer !== network.self) await this.#asking.other(peer)
    else if (this.#evidence !== undefined) await this.#asking.self(this.#evidence)
    const known = this.#table.get(peer, clock.wallMs())
    if (known === undefined) throw new AttestExchangeError('ATTEST_LINK_ENDED')
    return known
  }

  #judged(peer: PeerId, answer: Answer): AttestResult {
    const reason = this.#table.put(peer, answer)
    this.#asked.add(peer)
    const known = this.#table.get(peer, answer.answeredAtMs)
    if (reason !== undefined) {
      this.#components.logger.info('device changed', { peer, reason })
      void this.#call(peer, reason)
    }
    void this.#desk.note(peer, answer)
    const { tier = 'none', scoreMicros = 0 } = known?.appraisal ?? {}
    return { tier, scoreMicros, codes: known?.codes.slice(0, CODES_TOLD_MAX) ?? [] }
  }
}
