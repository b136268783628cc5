/**
 * Verifies the ledger of a stranger while its bundle goes by, in memory that does not grow with it.
 *
 * Nothing is needed but the file: the key that must have signed everything is the name of the
 * device, which the file states, and the id of the log follows from it and the mesh.
 *
 * @module
 */

import { bytesEqual } from '../core/bytes.ts'
import { decodeShape, type Shape } from '../core/cbor-shape.ts'
import type { Crypto } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { EDGE, END, ITEM_TYPES, OTHER_HALF, PREAMBLE, type Preamble } from './bundle-items.ts'
import { type BundleItem, BundleReader } from './bundle-reader.ts'
import { Chain } from './chain.ts'
import { ENTRY_KINDS } from './entry.ts'
import { type Equivocation, verifyEquivocation } from './equivocation.ts'
import { type LedgerErrorCode, refuse, type Refused } from './errors.ts'
import { halfKindOf, openHalf, SIGNED_HALF } from './halves.ts'
import { openHead, SIGNED_HEAD } from './head.ts'
import { BUNDLE_ITEM_BYTES_MAX, EVIDENCE_COUNTED_MAX } from './limits.ts'
import { edgeLength } from '../core/merkle-tree.ts'
import type { Receipt } from './receipt.ts'
import { type PeerTally, ReceiptBook, type ReceiptCounts } from './receipt-book.ts'
import type { LedgerContext } from './signing.ts'
import { decodeVersioned } from './versioned.ts'

export interface BundleVerifierInit {
  /** The mesh that the ledger must be of; undefined to take the file's word. */
  readonly network?: Uint8Array | undefined
  /**
   * `all`: the signature of every half. `heads`: those of the owner's own halves are left out, because
   * the head over them is by the same key; the ledger is as sure, a single half is not.
   */
  readonly signatures: 'all' | 'heads'
  /** Told of each receipt that has ended, and of the wall clock of the entry before its end. */
  readonly onReceipt?: (receipt: Receipt, wallMs: number) => void
}

/** What was found. */
export interface BundleReport {
  readonly status: 'ok' | 'invalid' | 'incomplete' | 'fork'
  /** Why it is not ok. */
  readonly problem: BundleProblem | undefined
  /** What is in the file, as far as it was read; undefined when it does not say whose ledger it is. */
  readonly log: LogFindings | undefined
  /** Proofs of equivocation that hold. */
  readonly evidence: readonly Equivocation[]
}

export interface LogFindings {
  readonly preamble: Preamble
  /** Entries that were checked. */
  readonly entries: number
  /** Entries of the log at the end of the bundle. */
  readonly size: number
  readonly incarnation: number
  /** Signed heads that were checked. */
  readonly heads: number
  /** What the last of them is over. */
  readonly latest: CoveredSize | undefined
  /** Entries of kinds that this version does not know: chained, not understood. */
  readonly unknownKinds: number
  readonly receipts: ReceiptCounts
  readonly peers: ReadonlyMap<PeerId, PeerTally>
  readonly others: PeerTally
}

/** Where a signed head stands. */
export interface CoveredSize {
  readonly size: number
  readonly root: Uint8Array
  readonly wallMs: number
}

export interface BundleProblem {
  readonly code: LedgerErrorCode
  readonly reason: string
  /** The item of the file, from 0. */
  readonly item: number
  /** The entry that comes next, which is the one at fault when an entry is. */
  readonly seq: number
}

const KNOWN_KINDS: ReadonlySet<number> = new Set(Object.values(ENTRY_KINDS))

/** What a bundle needs from its preamble on. */
interface Opened {
  readonly context: LedgerContext
  readonly preamble: Preamble
  readonly book: ReceiptBook
  /** Undefined until the edge has come, where there must be one. */
  chain: Chain | undefined
}

export class BundleVerifier {
  readonly #crypto: Crypto
  readonly #init: BundleVerifierInit
  readonly #reader = new BundleReader()
  readonly #evidence: Equivocation[] = []
  #opened: Opened | undefined
  #items = 0
  #heads = 0
  #wallMs = 0
  #unknownKinds = 0
  #covered: CoveredSize | undefined
  #ended = false
  #forked = false
  #problem: BundleProblem | undefined

  constructor(crypto: Crypto, init: BundleVerifierInit) {
    this.#crypto = crypto
    this.#init = init
  }

  /** Takes the next bytes of the file. Returns false when it need not see any more: something is wrong. */
  push(chunk: Uint8Array): boolean {
    if (this.#problem !== undefined) return false
    for (const item of this.#reader.push(chunk)) {
      const refused = item.type === 'refused' ? item : this.#take(item.value)
      if (refused !== undefined) {
        this.#fail(refused)
        return false
      }
      this.#items++
    }
    return true
  }

  /** What was found, after the last bytes of the file. */
  finish(): BundleReport {
    if (this.#problem === undefined && (!this.#ended || !this.#reader.idle)) {
      this.#fail(refuse('LEDGER_BUNDLE_TRUNCATED', 'expected the file to go on'))
    }
    return {
      status: this.#status(),
      problem: this.#problem,
      log: this.#findings(),
      evidence: this.#evidence,
    }
  }

  #findings(): LogFindings | undefined {
    const { chain, preamble, book } = this.#opened ?? {}
    if (chain === undefined || preamble === undefined || book === undefined) return undefined
    return {
      preamble,
      entries: chain.size - preamble.from,
      size: chain.size,
      incarnation: chain.incarnation,
      heads: this.#heads,
      latest: this.#covered,
      unknownKinds: this.#unknownKinds,
      receipts: book.counts,
      peers: book.peers,
      others: book.others,
    }
  }

  #status(): BundleReport['status'] {
    const code = this.#problem?.code
    if (code === 'LEDGER_FORK_PROVEN') return 'fork'
    if (code === 'LEDGER_BUNDLE_TRUNCATED' || code === 'LEDGER_BUNDLE_UNCOVERED') {
      return 'incomplete'
    }
    return code === undefined ? 'ok' : 'invalid'
  }

  #fail({ code, reason }: Refused): void {
    this.#problem = { code, reason, item: this.#items, seq: this.#opened?.chain?.size ?? 0 }
  }

  #take({ type, payload: view }: BundleItem): Refused | undefined {
    if (this.#ended) return disordered('nothing after the end')
    const opened = this.#opened
    // What may be kept is copied: a view would keep the whole chunk, or change when its owner uses it again.
    const payload = type === ITEM_TYPES.entry ? view : Uint8Array.from(view)
    if (opened === undefined) {
      return type === ITEM_TYPES.preamble ? this.#open(payload) : disordered('a preamble first')
    }
    const { chain } = opened
    if (chain === undefined) {
      return type === ITEM_TYPES.edge ? takeEdge(opened, payload) : disordered('an edge')
    }
    switch (type) {
      case ITEM_TYPES.entry:
        return this.#entry(opened, chain, payload)
      case ITEM_TYPES.head:
        return this.#head(opened, chain, payload)
      case ITEM_TYPES.half:
        return otherHalf(opened, payload)
      case ITEM_TYPES.evidence:
        return this.#takeEvidence(opened, payload)
      case ITEM_TYPES.end:
        return this.#end(opened, chain, payload)
      default:
        return disordered('a part that belongs here')
    }
  }

  #open(payload: Uint8Array): Refused | undefined {
    const decoded = decodeVersioned(PREAMBLE, payload, BUNDLE_ITEM_BYTES_MAX)
    if (decoded.type === 'refused') return decoded
    const { v: _, ...preamble } = decoded.value
    const { network, device, from, incarnation } = preamble
    if (this.#init.network !== undefined && !bytesEqual(network, this.#init.network)) {
      return refuse('LEDGER_NETWORK_MISMATCH', 'expected a ledger of the given mesh')
    }
    if (from === 0 && incarnation !== 0) {
      return refuse('LEDGER_ROLLOVER_INVALID', 'expected a log to begin with incarnation 0')
    }
    const context = { crypto: this.#crypto, network }
    const checkOwnSignatures = this.#init.signatures === 'all'
    this.#opened = {
      context,
      preamble,
      book: new ReceiptBook(context, {
        owner: device,
        checkOwnSignatures,
        onEnded: (receipt) => this.#init.onReceipt?.(receipt, this.#wallMs),
      }),
      chain: from === 0 ? new Chain(context, device) : undefined,
    }
    return undefined
  }

  #entry({ context, book }: Opened, chain: Chain, payload: Uint8Array): Refused | undefined {
    const chained = chain.append(payload)
    if (chained.type === 'refused') return chained
    const { kind: entryKind, body, wallMs } = chained.value.entry
    this.#wallMs = wallMs
    const kind = halfKindOf(entryKind)
    if (kind === undefined) {
      if (!KNOWN_KINDS.has(entryKind)) this.#unknownKinds++
      return undefined
    }
    const signed = shaped(SIGNED_HALF, Uint8Array.from(body))
    if (signed.type === 'refused') return signed
    const half = openHalf(context, kind, signed.value)
    return half.type === 'refused' ? half : book.takeOwn(half.value)
  }

  #head({ context, preamble }: Opened, chain: Chain, payload: Uint8Array): Refused | undefined {
    const signed = shaped(SIGNED_HEAD, payload)
    if (signed.type === 'refused') return signed
    const head = openHead(context, preamble.device, signed.value)
    if (head.type === 'refused') return head
    const problem = chain.headProblem(head.value)
    const { size, root, wallMs } = head.value
    if (problem?.code === 'LEDGER_HEAD_MISMATCH' && size === chain.size) {
      // Signed, and not over these entries: a fork, when a later head shows that these are its entries too.
      this.#forked = true
      return undefined
    }
    if (problem !== undefined) return problem
    this.#heads++
    this.#covered = { size, root, wallMs }
    return undefined
  }

  #takeEvidence({ context, preamble }: Opened, payload: Uint8Array): Refused | undefined {
    const proven = verifyEquivocation(this.#crypto, payload)
    if (proven.type === 'refused') return proven
    const { network, proof } = proven.value
    if (!bytesEqual(network, context.network)) {
      return refuse('LEDGER_NETWORK_MISMATCH', 'expected a proof about the mesh of the ledger')
    }
    if (this.#evidence.length >= EVIDENCE_COUNTED_MAX) {
      return refuse('LEDGER_TOO_LONG', `expected at most ${EVIDENCE_COUNTED_MAX} proofs`)
    }
    this.#evidence.push(proof)
    if (proof.accused === preamble.device) this.#forked = true
    return undefined
  }

  #end({ preamble }: Opened, chain: Chain, payload: Uint8Array): Refused | undefined {
    const end = decodeVersioned(END, payload, BUNDLE_ITEM_BYTES_MAX)
    if (end.type === 'refused') return end
    const entries = chain.size - preamble.from
    if (end.value.entries !== entries) {
      return disordered(`${end.value.entries} entries before the end, got ${entries}`)
    }
    if (this.#covered?.size !== chain.size) {
      return this.#forked
        ? refuse('LEDGER_HEAD_MISMATCH', `expected the root over ${chain.size} entries`)
        : refuse('LEDGER_BUNDLE_UNCOVERED', `expected a head over ${chain.size} entries`)
    }
    this.#ended = true
    return this.#forked
      ? refuse('LEDGER_FORK_PROVEN', 'expected one history, got proof of two')
      : undefined
  }
}

function takeEdge(opened: Opened, payload: Uint8Array): Refused | undefined {
  const { context, preamble } = opened
  const edge = shaped(EDGE, payload)
  if (edge.type === 'refused') return edge
  const { from, incarnation, device } = preamble
  if (edge.value.length !== edgeLength(from)) {
    return disordered(`an edge of ${edgeLength(from)} hashes`)
  }
  opened.chain = new Chain(context, device, { size: from, edge: edge.value, incarnation })
  return undefined
}

function otherHalf({ context, book }: Opened, payload: Uint8Array): Refused | undefined {
  const decoded = shaped(OTHER_HALF, payload)
  if (decoded.type === 'refused') return decoded
  const { kind: entryKind, ...signed } = decoded.value
  const kind = halfKindOf(entryKind)
  if (kind === undefined) return refuse('LEDGER_MALFORMED', 'expected a half of a receipt')
  const half = openHalf(context, kind, signed)
  return half.type === 'refused' ? half : book.takeOther(half.value)
}

function shaped<T>(
  shape: Shape<T>,
  payload: Uint8Array,
): { readonly type: 'value'; readonly value: T } | Refused {
  const decoded = decodeShape(shape, payload)
  return decoded.type === 'value' ? decoded : refuse('LEDGER_MALFORMED', decoded.reason)
}

function disordered(expected: string): Refused {
  return refuse('LEDGER_BUNDLE_DISORDERED', `expected ${expected}`)
}
