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
import type { LedgerContext } from '../../ledger/index.ts'
import { LedgerStoreError } from './errors.ts'
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

/** Records that are written at once, and how long one waits for others. */
const FLUSH = { flushRecords: 32, flushDelayMs: 10 }

/** Under this key: the folder in which the device's key was made. */
const BORN = 'ledger/born'

export class DeviceLedger implements Startable {
  readonly #components: DeviceLedgerComponents
  readonly #init: DeviceLedgerInit
  readonly #stopping = new AbortController()
  readonly #listeners = new Set<(ledger: OpenLedger | undefined) => void>()
  #unlisten: (() => void) | undefined
  /** What is open, and whose. */
  #open: { readonly mesh: MeshId; readonly ledger: OpenLedger } | undefined
  /** True once it may be written. */
  #begun = false
  /** One change at a time. */
  #turn: Promise<void> = Promise.resolve()

  constructor(components: DeviceLedgerComponents, init: DeviceLedgerInit) {
    this.#components = components
    this.#init = init
  }

  /**
   * Opens the ledger of the mesh that the device is in.
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
    await this.#enter()
  }

  async stop(): Promise<void> {
    this.#unlisten?.()
    this.#stopping.abort()
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

  #follow(): void {
    this.#turn = this.#turn
      .then(() => this.#enter())
      .catch((error: unknown) => this.#components.onFailure(error))
  }

  /** Opens what belongs to the mesh that the device is in now, and closes what does not. */
  async #enter(): Promise<void> {
    const mesh = this.#components.mesh.current()?.id
    if (mesh === this.#open?.mesh) return
    await this.#close()
    if (mesh === undefined || this.#stopping.signal.aborted) return
    const ledger = await this.#opening(mesh)
    this.#open = { mesh, ledger }
    await this.#begin(mesh, ledger)
    this.#begun = true
    this.#tell(ledger)
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
    const store = new LedgerStore(
      {
        rows: openRows(folder),
        context,
        signer,
        clock,
        random,
        onFailure: (cause) =>
          onFailure(new LedgerStoreError({ code: 'LEDGER_STORE_FAILED' }, { cause })),
      },
      { ...FLUSH, home, fresh: await this.#isFresh(mesh) },
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

  async #begin(mesh: MeshId, { store }: OpenLedger): Promise<void> {
    const { state, logger } = this.#components
    const { suspect, dropped, entriesRepaired, treeRepaired } = store.recovered
    const decision = await store.recall([])
    if (decision.type === 'go on') await store.goOn()
    else await store.rollOver('restored', decision.latest)
    await state.put(begunKey(mesh), utf8(''), { sync: false })
    const { size, incarnation } = store
    const mended = { dropped, entriesRepaired, treeRepaired }
    if (suspect === undefined) logger.info('ledger open', { mesh, size, incarnation, ...mended })
    else logger.warn('ledger goes on after a loss', { mesh, suspect, size, incarnation, ...mended })
  }

  #tell(ledger: OpenLedger | undefined): void {
    for (const listener of this.#listeners) listener(ledger)
  }
}

function begunKey(mesh: MeshId): string {
  return `ledger/begun/${mesh}`
}
