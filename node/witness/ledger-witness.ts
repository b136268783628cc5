/**
 * The part of the daemon that speaks with others about ledgers.
 *
 * It answers who asks, witnesses the heads of others and keeps their entries, shows its own
 * heads, compares what it holds with other witnesses, and hands on the proofs that it has.
 *
 * @module
 */

import { fromHex, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import { type ChainedEntry, type Equivocation, logIdOf } from '../../ledger/index.ts'
import { WITNESS_LIMITS } from '../../protocols/witness/index.ts'
import { contradictionBy } from '../ledger/contradictions.ts'
import type { DeviceLedger, LedgerMesh, OpenLedger } from '../ledger/device-ledger.ts'
import { ownHalf } from '../ledger/entry-rows.ts'
import type { LedgerRows } from '../ledger/rows.ts'
import type { Link, Network } from '../network/network.ts'
import { Cosigner } from './cosigner.ts'
import { comparable, crossCheck } from './cross-check.ts'
import { HeadShower, type KeptCosignature } from './head-shower.ts'
import { LedgerAnswers } from './ledger-answers.ts'
import { ledgerProtocol, witnessProtocol } from './ledger-protocols.ts'
import { LedgerSource } from './ledger-source.ts'
import type { Mirror } from './mirror.ts'
import type { NearMembers } from './near-members.ts'
import { answerQuestions, type QuestionProtocol } from './question-link.ts'
import { WitnessBook } from './witness-book.ts'

export interface LedgerWitnessComponents {
  readonly network: Pick<Network, 'self' | 'handle' | 'open' | 'publish' | 'subscribe'>
  readonly mesh: LedgerMesh
  readonly near: NearMembers
  readonly ledger: Pick<DeviceLedger, 'current' | 'onChange' | 'onHead'>
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly logger: Logger
  /** The rows in a folder that is there. */
  readonly openRows: (folder: string) => LedgerRows
  /** Makes a folder when it is not there. */
  readonly madeFolder: (path: string) => Promise<unknown>
  /** Told when what is witnessed cannot be kept: the process has to end. */
  readonly onFailure: (error: unknown) => void
}

export interface LedgerWitnessInit {
  /** What is witnessed lies in `witness/<mesh>` of this folder. */
  readonly stateDir: string
}

/** Proofs travel on this topic as they are. */
const EVIDENCE_TOPIC = 'brume/ledger-evidence/1'
/** Open links of one peer on each of the protocols. */
const LINKS_PER_PEER_MAX = 4
/** After a head was signed: heads that come close together are compared once. */
const COMPARE_AFTER_MS = 2_000
/** Other witnesses that a head is compared with. */
const COMPARED_WITH = 2
/** Members that may hold heads of a device: its witnesses, and as many for when those are away. */
const LIKELY_WITNESSES = 2 * WITNESS_LIMITS.WITNESSES

export class LedgerWitness implements Startable {
  readonly #components: LedgerWitnessComponents
  readonly #init: LedgerWitnessInit
  readonly #cosigner: Cosigner
  readonly #links = new Set<Link>()
  readonly #undo: (() => void)[] = []
  readonly #stopping = new AbortController()
  /** What runs beside, each piece of work once at a time. */
  readonly #running = new Map<string, Promise<void>>()
  /** Of which there is more to do once they are over. */
  readonly #again = new Set<string>()
  #open: { readonly mesh: MeshId; readonly book: WitnessBook } | undefined
  #shower: HeadShower | undefined
  /** One change of the mesh at a time. */
  #turn: Promise<void> = Promise.resolve()

  constructor(components: LedgerWitnessComponents, init: LedgerWitnessInit) {
    this.#components = components
    this.#init = init
    const { network, signer, clock } = components
    this.#cosigner = new Cosigner({
      signer,
      clock,
      onFork: (proof) => this.report(proof),
      onCosigned: (device) => this.#follow(device),
    })
    this.#serve(ledgerProtocol, (book) => {
      const { self } = network
      const answers = new LedgerAnswers({ book, self, own: () => components.ledger.current })
      return (question) => answers.answer(question)
    })
    this.#serve(
      witnessProtocol,
      (book, peer) => (shown) => this.#cosigner.answer(book, peer, shown),
    )
    network.subscribe(
      EVIDENCE_TOPIC,
      ({ data }) => this.#gossipFate(data),
      ({ data }) => this.#beside(`proof ${toHex(data)}`, () => this.#take(data)),
    )
  }

  async start(): Promise<void> {
    const { mesh, ledger, near } = this.#components
    this.#undo.push(
      mesh.onMesh(() => this.#inTurn(() => this.#enter())),
      ledger.onChange((open) => this.#useLedger(open)),
      ledger.onHead(() => this.#shower?.changed()),
      near.onNear((peer) => this.#meet(peer)),
    )
    await this.#enter()
    this.#useLedger(ledger.current)
  }

  async stop(): Promise<void> {
    for (const undo of this.#undo) undo()
    this.#stopping.abort()
    await this.#turn
    for (const link of this.#links) link.abort()
    await this.#shower?.stop()
    await Promise.all(this.#running.values())
    await this.#open?.book.close()
  }

  /** What is held of the ledgers of others; undefined in no mesh. */
  get book(): WitnessBook | undefined {
    return this.#open?.book
  }

  /** What witnesses signed of this device's own ledger. */
  get cosigned(): readonly KeptCosignature[] {
    return this.#shower?.cosigned ?? []
  }

  /** Keeps a proof that was found here, and tells the mesh. Returns it encoded. */
  async report(found: Equivocation): Promise<Uint8Array> {
    const { logger, network } = this.#components
    const book = this.#open?.book
    invariant(book !== undefined, 'a proof is found in a mesh')
    const { encoded } = await book.evidence.keep(found)
    logger.warn('fork proven', { accused: found.accused, proof: found.type })
    await network.publish(EVIDENCE_TOPIC, encoded)
    return encoded
  }

  /** As {@link report}, beside everything else. Does nothing when enough is proven against the device. */
  found(proof: Equivocation): void {
    this.#beside(`proof against ${proof.accused}`, async ({ evidence }) => {
      if (evidence.wants(proof)) await this.#reported(() => this.report(proof))
    })
  }

  /** Asks `peer`, and calls `work` with what answers. */
  async withSource<T>(peer: PeerId, work: (source: LedgerSource) => Promise<T>): Promise<T> {
    const book = this.#open?.book
    invariant(book !== undefined, 'ledgers are asked about in a mesh')
    await using source = await LedgerSource.open(this.#components, book.context, peer)
    return await work(source)
  }

  #serve<Question, Answer>(
    protocol: QuestionProtocol<Question, Answer>,
    answersFor: (
      book: WitnessBook,
      peer: PeerId,
    ) => (question: Question) => Promise<Answer | undefined>,
  ): void {
    this.#components.network.handle({
      id: protocol.id,
      frameBytesMax: protocol.frameBytesMax,
      linksPerPeerMax: LINKS_PER_PEER_MAX,
      membersOnly: true,
      accept: (link) => {
        const book = this.#open?.book
        if (book === undefined || this.#stopping.signal.aborted) return link.abort()
        this.#links.add(link)
        const answer = answersFor(book, link.peer)
        answerQuestions({
          link,
          clock: this.#components.clock,
          protocol,
          answer: (question) => this.#reported(() => answer(question)),
          onEnd: () => this.#links.delete(link),
        })
      },
    })
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

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#components.onFailure(error))
  }

  async #enter(): Promise<void> {
    const { mesh, crypto, openRows, madeFolder } = this.#components
    const id = mesh.current()?.id
    if (id === this.#open?.mesh) return
    const left = this.#open
    this.#open = undefined
    for (const link of this.#links) link.abort()
    await Promise.all(this.#running.values())
    await left?.book.close()
    const network = id === undefined ? undefined : fromHex(id)
    if (id === undefined || network === undefined || this.#stopping.signal.aborted) return
    const folder = `${this.#init.stateDir}/witness/${id}`
    await madeFolder(folder)
    const book = new WitnessBook(openRows(folder), { crypto, network })
    await book.open()
    this.#open = { mesh: id, book }
  }

  #useLedger(open: OpenLedger | undefined): void {
    const before = this.#shower
    this.#shower = open === undefined ? undefined : new HeadShower(this.#components, open)
    if (before !== undefined) this.#beside('shower', () => before.stop())
    this.#shower?.changed()
  }

  /** A head of `device` was signed: gets the entries under it, and compares it with other witnesses. */
  #follow(device: PeerId): void {
    const { clock, near } = this.#components
    this.#beside(`follow ${device}`, async (book) => {
      await this.#catchUp(book, device)
      await clock.sleep(COMPARE_AFTER_MS, this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      const log = logIdOf(book.context.crypto.sha256, book.context.network, device)
      const others = near.inOrder(log).filter((peer) => peer !== device)
      for (const peer of others.slice(0, COMPARED_WITH)) {
        await this.withSource(peer, (source) => this.#compare(book, [device], source))
      }
    })
  }

  /** A member is there: shows it the own head, and a little later hears what it knows of others. */
  #meet(peer: PeerId): void {
    this.#shower?.changed()
    this.#beside(`meet ${peer}`, async (book) => {
      // It may just have joined, and has more to do than to be asked.
      await this.#components.clock.sleep(COMPARE_AFTER_MS, this.#stopping.signal)
      if (this.#stopping.signal.aborted) return
      await this.withSource(peer, async (source) => {
        for (const proof of await source.proofs(0)) await this.#take(proof)
        const { self } = this.#components.network
        const devices = comparable(book, { self, peer })
        await this.#compare(
          book,
          devices.filter((device) => this.#isLikely(book, device, peer)),
          source,
        )
      })
    })
  }

  /** True when `peer` is one of those to whom `device` shows its heads, or would if others were away. */
  #isLikely({ context }: WitnessBook, device: PeerId, peer: PeerId): boolean {
    const log = logIdOf(context.crypto.sha256, context.network, device)
    const order = this.#components.near.inOrder(log).filter((near) => near !== device)
    return order.slice(0, LIKELY_WITNESSES).includes(peer)
  }

  async #catchUp(book: WitnessBook, device: PeerId): Promise<void> {
    const mirror = book.mirrors(device) ? await book.held(device) : undefined
    if (mirror === undefined) return
    const newest = await mirror.newest()
    if (newest === undefined || newest.head.size === mirror.whole?.head.size) return
    await this.withSource(device, (source) =>
      mirror.catchUp(
        (from, to) => source.entries(device, from, to),
        (entry) => this.#contradicted(mirror, entry),
      ),
    )
  }

  /** A device whose ledger says another thing than what it sent to this one has signed both. */
  async #contradicted({ device }: Mirror, { entry }: ChainedEntry): Promise<void> {
    const own = this.#components.ledger.current
    const half = own === undefined ? undefined : ownHalf(own.context, entry)
    if (own === undefined || half === undefined) return
    const proof = await contradictionBy(own, device, half)
    if (proof !== undefined) await this.report(proof)
  }

  async #compare(
    book: WitnessBook,
    devices: readonly PeerId[],
    source: LedgerSource,
  ): Promise<void> {
    for (const device of devices) {
      const mirror = await book.held(device)
      if (mirror === undefined) continue
      const { fork } = await crossCheck(book, mirror, source)
      if (fork !== undefined) await this.report(fork)
    }
  }

  #gossipFate(data: Uint8Array): 'accept' | 'ignore' | 'reject' {
    const fate = this.#open?.book.evidence.fateOf(data) ?? 'known'
    return fate === 'kept' ? 'accept' : fate === 'known' ? 'ignore' : 'reject'
  }

  /** Keeps a proof that another device sent. */
  async #take(encoded: Uint8Array): Promise<void> {
    const book = this.#open?.book
    if (book === undefined || (await book.evidence.take(encoded)) !== 'kept') return
    const [kept] = book.evidence.proofs().slice(-1)
    const { accused, type } = kept?.proof ?? {}
    this.#components.logger.warn('fork proven by another device', { accused, proof: type })
  }

  /** Runs work beside everything else; once more afterwards when the same runs already. */
  #beside(name: string, work: (book: WitnessBook) => Promise<void>): void {
    const book = this.#open?.book
    if (book === undefined || this.#stopping.signal.aborted) return
    if (this.#running.has(name)) {
      this.#again.add(name)
      return
    }
    const running = work(book)
      // A peer that does not answer is asked again when there is something new.
      .catch((error: unknown) => this.#components.logger.debug('not followed', { name, error }))
      .finally(() => {
        this.#running.delete(name)
        if (this.#again.delete(name)) this.#beside(name, work)
      })
    this.#running.set(name, running)
  }
}
