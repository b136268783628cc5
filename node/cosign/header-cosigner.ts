/**
 * The witness: signs that it holds the headers of another mesh, or of its own where it has no seat, and never two of one epoch.
 *
 * What it holds is on its disk before it signs. One question of a mesh at a time: two at once might both follow the
 * same header.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { Clock } from '../../core/clock.ts'
import type { Crypto, Signer } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type CosignAnswer,
  decodeHeader,
  type HeaderFork,
  judgeHeaders,
  type ShowHeaders,
  type SignedHeader,
  signHeaderCosignature,
} from '../../protocols/epoch/index.ts'
import type { CosignBook } from './cosign-book.ts'

export interface HeaderCosignerComponents {
  readonly book: () => CosignBook | undefined
  readonly signer: Signer
  readonly crypto: Crypto
  readonly clock: Clock
  /** The mesh whose members show their headers here without being named. */
  readonly ownMesh: () => { readonly network: Uint8Array; readonly founder: PeerId } | undefined
  /** What this device itself knows to be decided in its own mesh. */
  readonly ownHeader: (epoch: number) => Promise<SignedHeader | undefined>
  /** True for a device of another mesh that the owner of this one has named. */
  readonly isNamed: (peer: PeerId) => boolean
  readonly onFork: (network: Uint8Array, fork: HeaderFork) => Promise<void>
}

export class HeaderCosigner {
  readonly #components: HeaderCosignerComponents
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(components: HeaderCosignerComponents) {
    this.#components = components
  }

  /** What to answer to `peer`; undefined when nothing can be kept now. Rejects with what the disk says. */
  async answer(peer: PeerId, { headers }: ShowHeaders): Promise<CosignAnswer | undefined> {
    const [first] = headers
    const header = first && decodeHeader(first.value)
    if (header?.type !== 'value') return { type: 'refused', reason: 'invalid' }
    const { network, epoch } = header.value
    const own = this.#components.ownMesh()
    const isOwn = own !== undefined && toHex(own.network) === toHex(network)
    const mayShow = isOwn
      ? await this.#mayBegin(network, epoch, first)
      : this.#components.isNamed(peer)
    if (!mayShow) return { type: 'refused', reason: 'unknown' }
    const restarter = isOwn ? own.founder : peer
    return this.#inTurn(toHex(network), () =>
      this.#judged({ headers, network, mayRestart: (seat) => seat === restarter }),
    )
  }

  /** The first header of the own mesh is one that this device has itself: any member shows it some. */
  async #mayBegin(
    network: Uint8Array,
    epoch: number,
    shown: SignedHeader | undefined,
  ): Promise<boolean> {
    const { book, ownHeader } = this.#components
    if (book()?.held(network) !== undefined) return true
    const mine = await ownHeader(epoch)
    return mine !== undefined && shown !== undefined && bytesEqual(mine.value, shown.value)
  }

  async #judged(shown: Parameters<typeof judgeHeaders>[2]): Promise<CosignAnswer | undefined> {
    const { crypto, signer, clock, onFork } = this.#components
    const { network } = shown
    const book = this.#components.book()
    if (book === undefined) return undefined
    const proven = book.fork(network)
    if (proven !== undefined) return { type: 'forked', ...proven }
    const held = book.held(network)
    if (held === undefined && !book.hasRoom) return { type: 'refused', reason: 'full' }
    const verdict = judgeHeaders(crypto, held, shown)
    if (verdict.type === 'refused') return { type: 'refused', reason: 'invalid' }
    if (verdict.type === 'fork') {
      await book.keepFork(network, verdict.fork)
      await onFork(network, verdict.fork)
      return { type: 'forked', ...verdict.fork }
    }
    if (verdict.type === 'held') {
      return held === undefined
        ? { type: 'refused', reason: 'invalid' }
        : { type: 'held', header: held }
    }
    if (verdict.last !== held) await book.keep(network, verdict.last)
    const cosignature = signHeaderCosignature(signer, {
      network,
      epoch: verdict.header.epoch,
      header: crypto.sha256(verdict.last.value),
      wallMs: clock.wallMs(),
    })
    return { type: 'cosigned', cosignature }
  }

  #inTurn<T>(mesh: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#turns.get(mesh) ?? Promise.resolve()).then(work)
    const turn = done.catch(() => undefined)
    this.#turns.set(mesh, turn)
    void turn.then(() => {
      if (this.#turns.get(mesh) === turn) this.#turns.delete(mesh)
    })
    return done
  }
}
