/**
 * The part of the daemon that has the headers of a small mesh cosigned by others, and cosigns those of others.
 *
 * Asked are members that have no seat and whose owner has none, and the devices outside of the mesh that the owner
 * names. Nothing waits for them.
 *
 * @module
 */

import { fromHex, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import {
  type CosignAnswer,
  cosignCodec,
  decodeHeader,
  doubleVotesOf,
  encodeDoubleVote,
  encodeEvidenceItem,
  EPOCH_LIMITS,
  EPOCH_QUESTION_FAULTS,
  type HeaderFork,
  modeOf,
  type ShowHeaders,
} from '../../protocols/epoch/index.ts'
import { EpochQuestionError } from '../epoch/errors.ts'
import type { EpochProblem } from '../epoch/epoch-health.ts'
import { evidenceItem } from '../epoch/evidence-kinds.ts'
import type { MeshEpochs } from '../epoch/mesh-epochs.ts'
import type { LedgerRows } from '../ledger/rows.ts'
import type { Link, Network } from '../network/network.ts'
import type { NearMembers } from '../witness/near-members.ts'
import { answerQuestions, QuestionLink, type QuestionProtocol } from '../witness/question-link.ts'
import { CosignBook, type KeptCosignature } from './cosign-book.ts'
import { HeaderCosigner } from './header-cosigner.ts'
import { showHeaders, type ShowOutcome } from './header-shower.ts'

export interface HeaderWitnessComponents {
  readonly network: Pick<Network, 'self' | 'handle' | 'open'>
  readonly mesh: {
    current(): { readonly id: string; readonly founder: PeerId } | undefined
    members(): readonly { readonly peer: PeerId }[]
  }
  readonly near: Pick<NearMembers, 'inOrder' | 'onNear'>
  readonly epochs: Pick<MeshEpochs, 'room' | 'onEpoch' | 'headersFrom'>
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly logger: Logger
  /** The rows in a folder that is there. */
  readonly openRows: (folder: string) => LedgerRows
  readonly madeFolder: (path: string) => Promise<unknown>
  /** Told when what was signed cannot be kept: the process has to end. */
  readonly onFailure: (error: unknown) => void
}

export interface HeaderWitnessInit {
  /** What is kept lies in `cosigned` of this folder. */
  readonly stateDir: string
  /** Devices outside of the mesh that are shown its headers, with their addresses. */
  readonly witnesses: readonly { readonly peer: PeerId; readonly address: string }[]
  /** Devices outside of the mesh whose headers are cosigned here. */
  readonly witnessFor: readonly PeerId[]
}

type CosignProtocol = QuestionProtocol<ShowHeaders, CosignAnswer>

/** Showing certified headers to witnesses. */
export const cosignProtocol: CosignProtocol = {
  id: EPOCH_LIMITS.COSIGN_PROTOCOL,
  codec: cosignCodec,
  frameBytesMax: EPOCH_LIMITS.COSIGN_FRAME_BYTES_MAX,
  answerMsMax: EPOCH_LIMITS.ANSWER_MS_MAX,
  answering: {
    questionsMax: EPOCH_LIMITS.SHOWS_PER_LINK_MAX,
    idleMsMax: EPOCH_LIMITS.ANSWER_MS_MAX,
  },
  failure: (fault) => new EpochQuestionError(EPOCH_QUESTION_FAULTS[fault]),
}

const LINKS_PER_PEER_MAX = 2
const SHOW_AFTER_MS = 500
/** Epochs that the last signature of a witness may be behind for it to count: it is asked once an epoch. */
const BEHIND_EPOCHS_MAX = 1
/** Times in a row that witnesses held what this device has not, before it says so. */
const ELSEWHERE_TIMES = 2

export class HeaderWitness implements Startable {
  readonly #components: HeaderWitnessComponents
  readonly #init: HeaderWitnessInit
  readonly #cosigner: HeaderCosigner
  readonly #links = new Set<Link>()
  readonly #undo: (() => void)[] = []
  readonly #stopping = new AbortController()
  #book: CosignBook | undefined
  /** What witnesses signed last, in the mesh that this device is in. */
  #cosigned: { readonly mesh: string; readonly kept: Map<PeerId, KeptCosignature> } | undefined
  #elsewhere: { readonly mesh: string; readonly epoch: number; readonly times: number } | undefined
  #due = false
  #showing: Promise<void> | undefined

  constructor(components: HeaderWitnessComponents, init: HeaderWitnessInit) {
    this.#components = components
    this.#init = init
    this.#cosigner = new HeaderCosigner({
      ...components,
      book: () => this.#book,
      ownMesh: () => this.#ownMesh(),
      ownHeader: async (epoch) => {
        const [header] = await components.epochs.headersFrom(epoch, 1)
        return header
      },
      isNamed: (peer) => init.witnessFor.includes(peer),
      onFork: (network, fork) => this.#tellFork(network, fork),
    })
    components.network.handle({
      id: cosignProtocol.id,
      frameBytesMax: cosignProtocol.frameBytesMax,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: false,
      accept: (link) => this.#accept(link),
    })
  }

  async start(): Promise<void> {
    const { openRows, madeFolder, crypto, epochs, near } = this.#components
    const folder = `${this.#init.stateDir}/cosigned`
    await madeFolder(folder)
    const book = new CosignBook(openRows(folder), crypto)
    await book.open()
    this.#book = book
    this.#undo.push(
      epochs.onEpoch(() => this.#changed()),
      near.onNear(() => this.#changed()),
    )
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo) undo()
    this.#stopping.abort()
    for (const link of this.#links) link.abort()
    await this.#showing
    await this.#book?.close()
  }

  /** What witnesses signed last of the headers of this mesh. */
  get cosignatures(): readonly KeptCosignature[] {
    const isOfNow = this.#cosigned?.mesh === this.#components.mesh.current()?.id
    return isOfNow ? [...(this.#cosigned?.kept.values() ?? [])] : []
  }

  /** Those of the last certified header, or of the one before it. */
  get current(): readonly KeptCosignature[] {
    const epoch = this.#components.epochs.room?.chain.top?.header.epoch ?? 0
    return this.cosignatures.filter(({ held }) => epoch - held.epoch <= BEHIND_EPOCHS_MAX)
  }

  /** What witnesses know of this mesh that contradicts it. */
  get problems(): readonly EpochProblem[] {
    const own = this.#ownMesh()
    const fork = own === undefined ? undefined : this.#book?.fork(own.network)
    const header = fork === undefined ? undefined : decodeHeader(fork.one.value)
    if (header?.type === 'value') {
      return [{ code: 'EPOCH_HEADER_FORKED', facts: { forkedEpoch: header.value.epoch } }]
    }
    const { epoch, mesh, times = 0 } = this.#elsewhere ?? {}
    // One of two seats hears of an epoch a little later than the witness does.
    const isSure = times >= ELSEWHERE_TIMES && mesh === this.#components.mesh.current()?.id
    if (epoch === undefined || !isSure) return []
    return [{ code: 'EPOCH_HEADER_FORKED', facts: { witnessedEpoch: epoch } }]
  }

  #ownMesh(): { readonly network: Uint8Array; readonly founder: PeerId } | undefined {
    const view = this.#components.mesh.current()
    const network = view === undefined ? undefined : fromHex(view.id)
    return view === undefined || network === undefined
      ? undefined
      : { network, founder: view.founder }
  }

  #accept(link: Link): void {
    const { mesh, clock } = this.#components
    const { peer } = link
    const isKnown =
      this.#init.witnessFor.includes(peer) || mesh.members().some((one) => one.peer === peer)
    // Strangers cost no more than this look.
    if (!isKnown || this.#book === undefined || this.#stopping.signal.aborted) return link.abort()
    this.#links.add(link)
    answerQuestions({
      link,
      clock,
      protocol: cosignProtocol,
      answer: (shown) => this.#reported(() => this.#cosigner.answer(peer, shown)),
      onEnd: () => this.#links.delete(link),
    })
  }

  /** A header is new, or a member is there that was not. */
  #changed(): void {
    this.#due = true
    this.#showing ??= this.#reported(() => this.#show())
      .catch(() => undefined)
      .finally(() => {
        this.#showing = undefined
      })
  }

  async #show(): Promise<void> {
    const { signal } = this.#stopping
    while (this.#due) {
      // Members hear of a header a little later than those who decided it.
      await this.#components.clock.sleep(SHOW_AFTER_MS, signal)
      if (signal.aborted) return
      this.#due = false
      const own = this.#ownMesh()
      const { room } = this.#components.epochs
      const top = room?.chain.top
      if (own === undefined || room === undefined || top === undefined) return
      await this.#load(toHex(own.network), own.network)
      const isSmall = modeOf(top.committee.length) !== 'bft'
      if (!isSmall || !top.committee.includes(this.#components.signer.peer)) continue
      const members = this.#outside(own.network).slice(0, EPOCH_LIMITS.HEADER_WITNESSES)
      const named = this.#init.witnesses
      await Promise.all([
        ...members.map((peer) => this.#showTo(peer, [])),
        ...named.map(({ peer, address }) => this.#showTo(peer, [address])),
      ])
    }
  }

  /** Members that are connected, and of whose domains none decides. */
  #outside(network: Uint8Array): readonly PeerId[] {
    const { near, epochs } = this.#components
    const chain = epochs.room?.chain
    const committee = chain?.top?.committee ?? []
    return near.inOrder(network).filter((peer) => {
      const owner = chain?.fold.owners.speakerOf(peer, chain.next) ?? peer
      return !committee.includes(peer) && !committee.includes(owner)
    })
  }

  async #showTo(peer: PeerId, addresses: readonly string[]): Promise<void> {
    const { network, clock, crypto, epochs, logger } = this.#components
    const own = this.#ownMesh()
    const top = epochs.room?.chain.top
    if (own === undefined || top === undefined) return
    let outcome: ShowOutcome
    try {
      const { signal } = this.#stopping
      const { frameBytesMax } = cosignProtocol
      const opened = await network.open(peer, cosignProtocol.id, {
        frameBytesMax,
        addresses,
        signal,
      })
      this.#links.add(opened)
      try {
        await using link = new QuestionLink(opened, clock, cosignProtocol)
        const headersFrom = (epoch: number, count: number) => epochs.headersFrom(epoch, count)
        outcome = await showHeaders(link, peer, top, { crypto, network: own.network, headersFrom })
      } finally {
        this.#links.delete(opened)
      }
    } catch (error) {
      logger.debug('header not shown', { witness: peer, error })
      return
    }
    await this.#onOutcome(peer, own.network, outcome)
  }

  async #onOutcome(peer: PeerId, network: Uint8Array, outcome: ShowOutcome): Promise<void> {
    const { logger } = this.#components
    const mesh = toHex(network)
    switch (outcome.type) {
      case 'cosigned':
        await this.#book?.keepCosignature(outcome.kept)
        this.#cosigned?.kept.set(peer, outcome.kept)
        if (this.#elsewhere?.mesh === mesh) this.#elsewhere = undefined
        return
      case 'forked':
        await this.#book?.keepFork(network, outcome.fork)
        return this.#tellFork(network, outcome.fork)
      case 'elsewhere':
        logger.warn('witness holds another header', { witness: peer, epoch: outcome.epoch })
        this.#elsewhere = {
          mesh,
          epoch: outcome.epoch,
          times: this.#elsewhere?.mesh === mesh ? this.#elsewhere.times + 1 : 1,
        }
        return
      case 'refused':
        logger.warn('header not cosigned', { witness: peer, reason: outcome.reason })
    }
  }

  /** What a fork proves against single devices goes into the next epoch, where this device is in that mesh. */
  async #tellFork(network: Uint8Array, fork: HeaderFork): Promise<void> {
    const { logger, epochs } = this.#components
    const mesh = toHex(network)
    logger.error('mesh decided two headers of one epoch', { mesh })
    if (this.#components.mesh.current()?.id !== mesh) return
    for (const proof of doubleVotesOf(fork)) {
      epochs.room?.pools.report(
        encodeEvidenceItem(evidenceItem('double-vote', encodeDoubleVote(proof))),
      )
    }
  }

  async #load(mesh: string, network: Uint8Array): Promise<void> {
    if (this.#cosigned?.mesh === mesh) return
    const kept = (await this.#book?.cosignatures(network)) ?? []
    this.#cosigned = { mesh, kept: new Map(kept.map((one) => [one.witness, one])) }
  }

  /** What the disk refuses ends the daemon: a witness that forgets is none. */
  async #reported<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#components.onFailure(error)
      throw error
    }
  }
}
