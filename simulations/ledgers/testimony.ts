/**
 * What every device said to others in a simulated mesh: each head and each half, as it went onto its link.
 *
 * Whoever keeps the rules says nothing that is not on its disk, and nothing that contradicts what it said before.
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import {
  decodeHead,
  type Half,
  type Head,
  logIdOf,
  openHalf,
  type RecalledHead,
} from '../../ledger/index.ts'
import { LEDGER_LIMITS, ledgerCodec } from '../../protocols/ledger/index.ts'
import { decodeReceiptMessage, RECEIPT_PROTOCOL } from '../../protocols/receipt/index.ts'
import { WITNESS_LIMITS, witnessCodec } from '../../protocols/witness/index.ts'
import type { LedgerDevice } from './ledger-device.ts'
import type { Speech } from './ledger-port.ts'
import { LedgerOnDisk } from './ledger-on-disk.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** What one device said. */
interface Said {
  readonly heads: Map<string, RecalledHead>
  readonly halves: Map<string, Half>
  /** Ids of the entries under its heads, by their incarnation. */
  readonly branches: Map<number, readonly string[]>
  /** What one that keeps no rules showed to honest devices. */
  readonly shown: { readonly head: Head; readonly atMs: number }[]
  readonly onDisk: LedgerOnDisk
  /** What of it its disk must hold: what came before some losses is excused. */
  kept: { readonly heads: Pick<Head, 'size' | 'root'>[]; readonly halves: Half[] }
}

export class Testimony {
  /** What is wrong with what the honest said, as sentences. */
  readonly problems: string[] = []
  /** Devices that lost something at some time which nobody promises to keep. */
  readonly lossy = new Set<LedgerDevice>()
  readonly #world: LedgerWorld
  readonly #said = new Map<number, Said>()

  constructor(world: LedgerWorld) {
    this.#world = world
  }

  headsOf(device: number): readonly RecalledHead[] {
    return [...(this.#said.get(device)?.heads.values() ?? [])]
  }

  halvesOf(device: number): readonly Half[] {
    return [...(this.#said.get(device)?.halves.values() ?? [])]
  }

  /**
   * True when a device that keeps no rules has shown, to honest devices and until some moment, two heads over as many
   * entries of one incarnation.
   */
  hasForked(device: LedgerDevice, untilMs: number): boolean {
    const roots = new Map<string, string>()
    return (this.#said.get(device.number)?.shown ?? []).some(({ head, atMs }) => {
      if (atMs > untilMs) return false
      const key = `${head.incarnation} ${head.size}`
      const root = roots.get(key) ?? toHex(head.root)
      roots.set(key, root)
      return root !== toHex(head.root)
    })
  }

  /** All halves that anybody told. */
  get halves(): readonly Half[] {
    return [...this.#said.values()].flatMap(({ halves }) => [...halves.values()])
  }

  /** A device is about to send a frame. */
  note(device: LedgerDevice, { to, protocol, frame }: Speech): void {
    switch (protocol) {
      case RECEIPT_PROTOCOL: {
        const message = decodeReceiptMessage(frame)
        if (message?.type === 'half') this.#noteHalf(device, message.kind, message)
        return
      }
      case WITNESS_LIMITS.WITNESS_PROTOCOL: {
        const shown = witnessCodec.decodeQuestion(frame)
        if (shown !== undefined) this.#noteHead(device, shown.head, to)
        return
      }
      case LEDGER_LIMITS.LEDGER_PROTOCOL: {
        const answer = ledgerCodec.decodeAnswer(frame)
        if (answer?.type !== 'heads') return
        for (const head of [answer.newest, answer.whole]) {
          if (head !== undefined) this.#noteHead(device, head, to)
        }
      }
    }
  }

  /** The ledger of a device is open again: all that it said must be there. */
  check(device: LedgerDevice): void {
    if (device.liar !== undefined) return
    const { kept, onDisk } = this.#of(device)
    const gone = [...kept.heads].find(({ size, root }) => onDisk.rootAt(size) !== toHex(root))
    if (gone !== undefined) this.#problem(device, 'L2', `of ${gone.size} entries some are gone`)
    const lost = [...kept.halves].find(({ signed }) => !onDisk.holds(signed.signature))
    if (lost !== undefined) this.#problem(device, 'L2', `a ${lost.kind} that it sent is gone`)
  }

  /** Something happened to the disk of a device that nobody promises to survive: what it held may be gone. */
  excuse(device: LedgerDevice): void {
    this.lossy.add(device)
    this.#of(device).kept = { heads: [], halves: [] }
  }

  #noteHalf(device: LedgerDevice, kind: Half['kind'], signed: SignedRecord): void {
    const half = openHalf(this.#world.roster.context, kind, copyOf(signed))
    if (half.type === 'refused') return
    const { halves, kept, onDisk } = this.#of(device)
    const key = toHex(half.value.id)
    if (halves.has(key)) return
    halves.set(key, half.value)
    if (device.liar !== undefined) return
    kept.halves.push(half.value)
    if (!onDisk.holds(signed.signature)) {
      this.#problem(device, 'L2', `it sends a ${kind} that is not on its disk`)
    }
  }

  #noteHead(device: LedgerDevice, told: SignedRecord, to: PeerId): void {
    const { crypto, network } = this.#world.roster.context
    const signed = copyOf(told)
    const opened = decodeHead(signed)
    const log = logIdOf(crypto.sha256, network, device.signer.peer)
    // Heads of others are their word, not its own.
    if (opened.type === 'refused' || !bytesEqual(opened.value.log, log)) return
    const head = opened.value
    const { heads, shown } = this.#of(device)
    if (device.liar !== undefined && this.#world.isHonest(to)) {
      shown.push({ head, atMs: this.#world.clock.nowMs })
    }
    const key = `${head.incarnation} ${head.size} ${toHex(head.root)}`
    if (heads.has(key)) return
    heads.set(key, { head, signed })
    if (device.liar === undefined) this.#hold(device, head)
  }

  /** A head that an honest device shows for the first time is held against its disk, and against what it showed before. */
  #hold(device: LedgerDevice, { incarnation, size, root }: Head): void {
    const { branches, kept, onDisk } = this.#of(device)
    kept.heads.push({ size, root })
    if (!onDisk.hasHead({ incarnation, size }) || onDisk.rootAt(size) !== toHex(root)) {
      return this.#problem(device, 'L2', `it shows a head over ${size} that is not on its disk`)
    }
    const ids = onDisk.ids().slice(0, size)
    const before = branches.get(incarnation) ?? []
    const both = Math.min(before.length, size)
    if (ids.slice(0, both).some((id, seq) => before[seq] !== id)) {
      this.#problem(device, 'L1', `it shows two histories in incarnation ${incarnation}`)
    }
    if (size > before.length) branches.set(incarnation, ids)
  }

  #problem({ number }: LedgerDevice, invariant: string, what: string): void {
    this.problems.push(`${invariant}: device ${number}: ${what}`)
  }

  #of(device: LedgerDevice): Said {
    const known = this.#said.get(device.number)
    const said = known ?? {
      heads: new Map(),
      halves: new Map(),
      branches: new Map(),
      shown: [],
      onDisk: new LedgerOnDisk(this.#world.roster.context.crypto.sha256, device.disks.ledger),
      kept: { heads: [], halves: [] },
    }
    this.#said.set(device.number, said)
    return said
  }
}

/** What is kept of a frame must not be a part of it. */
function copyOf({ body, signature }: SignedRecord): SignedRecord {
  return { body: Uint8Array.from(body), signature: Uint8Array.from(signature) }
}
