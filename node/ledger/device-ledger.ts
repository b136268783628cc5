/**
 * The ledger of this device in the mesh that it is in: opened when it enters one, closed when it leaves.
 *
 * There is one for each mesh, and it stays on the disk after the mesh was left: what others hold
 * of it would otherwise show a fork when the device comes back.
 *
 * @module
 */

import { bytesEqual, fromHex, utf8 } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { MeshId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import type { Logger } from '../../core/logger.ts'
import type { Random } from '../../core/random.ts'
import { type LedgerContext, logIdOf, type RecallDecision } from '../../ledger/index.ts'
import { LedgerStoreError } from './errors.ts'
import { getBack } from './lost-entries.ts'
import type { LedgerPeers, OwnLog } from './ledger-peers.ts'
import { LedgerStore } from './ledger-store.ts'
import type { LedgerRows } from './rows.ts'

/** What is asked of the mesh. */
export interface LedgerMesh {
  current(): { readonly id: MeshId } | undefined
  /** Calls back when the device has entered or left a mesh; returns how to stop. */
  onMesh(listener: () => void): () => void
}

export interface DeviceLedgerComponents {
  readonly mesh: LedgerMesh
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  readonly random: Random
  readonly logger: Logger
  /** Small values that survive a restart; keys begin with `ledger/`. */
  readonly state: {
    get(key: string): Promise<Uint8Array | undefined>
    put(key: string, value: Uint8Array, options: { readonly sync: boolean }): Promise<void>
  }
  /** What others hold of the ledger. */
  readonly peers: LedgerPeers
  /** The rows in a folder that is there. */
  readonly openRows: (folder: string) => LedgerRows
  /** Makes a folder when it is not there, and says what tells it from a copy. */
  readonly madeFolder: (path: string) => Promise<Uint8Array>
  /** Told once, when the ledger cannot be written or opened: the process has to end. */
  readonly onFailure: (error: unknown) => void
}

export interface DeviceLedgerInit {
  /** The folder of all that this device keeps; ledgers are in `ledger/<mesh>` of it. */
  readonly stateDir: string
  /** True when the device's key was made by this start. */
  readonly newIdentity: boolean
}

/** A ledger that may be written. */
export interface OpenLedger {
  readonly store: LedgerStore
  readonly context: LedgerContext
}

interface LedgerOfMesh {
  readonly mesh: MeshId
  readonly ledger: OpenLedger
}

interface Beginning {
  readonly decision: RecallDecision
  /** How many peers said what they hold; undefined when none was asked. */
  readonly answers: number | undefined
}

/** Records that are written at once, and how long one waits for others. */
const FLUSH = { flushRecords: 32, flushDelayMs: 10 }

/** Under this key: the folder in which the device's key was made. */
const BORN = 'ledger/born'

export class DeviceLedger implements Startable {
  readonly #components: DeviceLedgerComponents
  readonly #init: DeviceLedgerInit
  readonly #stopping = new AbortController()
  readonly #listeners = new Set<(ledger: OpenLedger | undefined) => void>()
  readonly #headListeners = new Set<() => void>()
  /** Aborts the questions of a start when the device leaves the mesh meanwhile. */
  #asking = new AbortController()
  #unlisten: (() => void) | undefined
  /** What is open, and whose. */
  #open: LedgerOfMesh | undefined
  /** True once it may be written. */
  #begun = false
  /** One change at a time. */
  #turn: Promise<void> = Promise.resolve()

  constructor(components: DeviceLedgerComponents, init: DeviceLedgerInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * Opens the ledger of the mesh that the device is in. Once peers were asked it may be written.
   *
   * @throws {LedgerStoreError} `LEDGER_STORE_DAMAGED`, `LEDGER_STORE_UNSUPPORTED`.
   * @throws {StorageError} what keeps the database from being opened.
   */
  async start(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted()
    const { state, mesh, madeFolder } = this.#components
    const { newIdentity, stateDir } = this.#init
    if (newIdentity) await state.put(BORN, await madeFolder(stateDir), { sync: true })
    this.#unlisten = mesh.onMesh(() => this.#follow())
    const opened = await this.#openCurrent()
    if (opened === undefined) return
    this.#inTurn(() => this.#begin(opened))
    if (isNew(opened.ledger)) await this.#turn
  }

  async stop(): Promise<void> {
    this.#unlisten?.()
    this.#stopping.abort()
    this.#asking.abort()
    await this.#turn
    await this.#close()
  }

  /** The ledger, while it may be written; undefined in no mesh, and for a moment after a start. */
  get current(): OpenLedger | undefined {
    return this.#begun ? this.#open?.ledger : undefined
  }

  /** @throws {LedgerStoreError} `LEDGER_NOT_OPEN`. */
  get opened(): OpenLedger {
    const { current } = this
    if (current === undefined) throw new LedgerStoreError({ code: 'LEDGER_NOT_OPEN' })
    return current
  }

  /** Calls back when the ledger may be written, and when it no longer may; returns how to stop. */
  onChange(listener: (ledger: OpenLedger | undefined) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Calls back after each write with a new head, while the ledger is open; returns how to stop. */
  onHead(listener: () => void): () => void {
    this.#headListeners.add(listener)
    return () => this.#headListeners.delete(listener)
  }

  #follow(): void {
    if (this.#components.mesh.current()?.id !== this.#open?.mesh) this.#asking.abort()
    this.#inTurn(async () => {
      const opened = await this.#openCurrent()
      if (opened !== undefined) await this.#begin(opened)
    })
  }

  #inTurn(work: () => Promise<void>): void {
    this.#turn = this.#turn.then(work).catch((error: unknown) => this.#components.onFailure(error))
  }

  /** Opens what belongs to the mesh that the device is in now, and closes what does not. */
  async #openCurrent(): Promise<LedgerOfMesh | undefined> {
    const mesh = this.#components.mesh.current()?.id
    if (mesh === this.#open?.mesh) return undefined
    await this.#close()
    if (mesh === undefined || this.#stopping.signal.aborted) return undefined
    this.#asking = new AbortController()
    this.#open = { mesh, ledger: await this.#opening(mesh) }
    return this.#open
  }

  async #close(): Promise<void> {
    const open = this.#open
    if (open === undefined) return
    this.#open = undefined
    if (this.#begun) this.#tell(undefined)
    this.#begun = false
    await open.ledger.store.stop()
  }

  async #opening(mesh: MeshId): Promise<OpenLedger> {
    const { crypto, signer, clock, random, openRows, madeFolder, onFailure } = this.#components
    const network = fromHex(mesh)
    invariant(network !== undefined, 'a mesh has an id in hexadecimal')
    const context = { crypto, network }
    const folder = `${this.#init.stateDir}/ledger/${mesh}`
    const home = await madeFolder(folder)
    const own = { context, device: signer.peer, log: logIdOf(crypto.sha256, network, signer.peer) }
    const store = new LedgerStore(
      {
        rows: openRows(folder),
        context,
        signer,
        clock,
        random,
        onFailure: (cause) =>
          onFailure(new LedgerStoreError({ code: 'LEDGER_STORE_FAILED' }, { cause })),
        onHead: () => this.#tellOfHead(),
      },
      {
        ...FLUSH,
        home,
        fresh: await this.#isFresh(mesh),
        supply: (seq) => this.#components.peers.entry(own, seq, this.#asking.signal),
      },
    )
    await store.start(this.#stopping.signal)
    return { store, context }
  }

  /** True when this device can have written nothing in `mesh` yet: its key was made here, and no ledger was. */
  async #isFresh(mesh: MeshId): Promise<boolean> {
    const { state, madeFolder } = this.#components
    const [born, begun] = [await state.get(BORN), await state.get(begunKey(mesh))]
    if (born === undefined || begun !== undefined) return false
    return bytesEqual(born, await madeFolder(this.#init.stateDir))
  }

  /** Begins to write, once it is known what others hold. */
  async #begin({ mesh, ledger }: LedgerOfMesh): Promise<void> {
    const { store, context } = ledger
    const { state, peers, signer } = this.#components
    const { signal } = this.#asking
    const own: OwnLog = { context, device: signer.peer, log: store.log }
    const recalled = isNew(ledger) ? undefined : await peers.recall(own, signal)
    if (signal.aborted) return
    const decision = await store.recall(recalled?.answers ?? [])
    if (decision.type === 'go on') await store.goOn()
    else {
      const lost = await getBack(store, recalled, decision.latest)
      await store.rollOver(lost ? 'entries lost' : 'restored', decision.latest)
    }
    await state.put(begunKey(mesh), utf8(''), { sync: false })
    this.#log(mesh, store, { decision, answers: recalled?.answers.length })
    this.#begun = true
    this.#tell(ledger)
  }

  #log(mesh: MeshId, store: LedgerStore, how: Beginning): void {
    const { logger } = this.#components
    const { suspect, head, dropped, entriesRepaired, treeRepaired } = store.recovered
    const { size, incarnation } = store
    const { decision, answers } = how
    const facts = { mesh, size, incarnation, answers, dropped, entriesRepaired, treeRepaired }
    if (decision.type === 'go on') return logger.info('ledger open', facts)
    const kept = { before: head?.head.size ?? 0, latest: decision.latest?.head.size }
    logger.warn('ledger goes on after a loss', { ...facts, ...kept, suspect })
  }

  #tell(ledger: OpenLedger | undefined): void {
    for (const listener of this.#listeners) listener(ledger)
  }

  #tellOfHead(): void {
    for (const listener of this.#headListeners) listener()
  }
}

/** True for the ledger of a device that is new: nobody can hold anything of it, and nobody is asked. */
function isNew({ store }: OpenLedger): boolean {
  const { suspect, head } = store.recovered
  return head === undefined && suspect === undefined
}

function begunKey(mesh: MeshId): string {
  return `ledger/begun/${mesh}`
}
