/**
 * Everything that this device holds of the ledgers of others in one mesh.
 *
 * @module
 */

import { concatBytes, textOf, utf8 } from '../../core/bytes.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import { type LedgerContext, logIdOf } from '../../ledger/index.ts'
import { prefixRange } from '../ledger/ledger-keys.ts'
import type { LedgerRows } from '../ledger/rows.ts'
import { EvidenceBook } from './evidence-book.ts'
import { Mirror } from './mirror.ts'
import { PrefixedRows } from './prefixed-rows.ts'

/** Devices whose heads are kept. */
const DEVICES_MAX = 1_024
/** Devices whose entries are kept as well, those that came first. */
const MIRRORED_MAX = 32

/** `N peer`: a device whose heads are kept. `L log32 …`: what is kept of its ledger. */
const NAME = utf8('N')
const LEDGER = utf8('L')
const NOTHING = new Uint8Array()

export class WitnessBook {
  readonly context: LedgerContext
  readonly evidence: EvidenceBook
  readonly #rows: LedgerRows
  readonly #mirrors = new Map<PeerId, Promise<Mirror> | undefined>()

  constructor(rows: LedgerRows, context: LedgerContext) {
    this.context = context
    this.evidence = new EvidenceBook(rows, context)
    this.#rows = rows
  }

  async open(): Promise<void> {
    await this.#rows.open()
    await this.evidence.open()
    for (const { key } of await this.#rows.range(prefixRange(NAME, DEVICES_MAX))) {
      const peer = asPeerId(textOf(key.subarray(NAME.length)) ?? '')
      if (peer !== undefined) this.#mirrors.set(peer, undefined)
    }
  }

  /** Waits for what is under way, and closes. */
  async close(): Promise<void> {
    const opened = [...this.#mirrors.values()].filter((mirror) => mirror !== undefined)
    await Promise.allSettled(opened.map(async (mirror) => (await mirror).idle()))
    await this.#rows.close()
  }

  /** Devices of whose ledgers something is held. */
  get devices(): readonly PeerId[] {
    return [...this.#mirrors.keys()]
  }

  /** What is held of the ledger of `device`; undefined for nothing. */
  async held(device: PeerId): Promise<Mirror | undefined> {
    return this.#mirrors.has(device) ? this.#open(device) : undefined
  }

  /** The same, begun when there is nothing yet; undefined when there is no room for one more. */
  async begun(device: PeerId): Promise<Mirror | undefined> {
    if (!this.#mirrors.has(device)) {
      if (this.#mirrors.size >= DEVICES_MAX) return undefined
      this.#mirrors.set(device, undefined)
      const key = concatBytes([NAME, utf8(device)])
      await this.#rows.write([{ type: 'put', key, value: NOTHING }])
    }
    return this.#open(device)
  }

  /** True when the entries of `device` are kept, and not only its heads. */
  mirrors(device: PeerId): boolean {
    const at = [...this.#mirrors.keys()].indexOf(device)
    return at >= 0 && at < MIRRORED_MAX
  }

  #open(device: PeerId): Promise<Mirror> {
    const { context } = this
    const log = logIdOf(context.crypto.sha256, context.network, device)
    const rows = new PrefixedRows(this.#rows, concatBytes([LEDGER, log]))
    const mirror = this.#mirrors.get(device) ?? Mirror.open({ rows, context, device })
    this.#mirrors.set(device, mirror)
    return mirror
  }
}
