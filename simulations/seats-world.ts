/**
 * The seats of a mesh over many epochs, while its devices leave, and come back, and get owners: who says so, and who
 * falls silent.
 *
 * The fold is the daemon's. An epoch is certified when a quorum of its committee is there, as the worlds of one epoch
 * show; until then none after it is.
 *
 * @module
 */

import { utf8 } from '../core/bytes.ts'
import type { Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import {
  encodeParameters,
  EPOCH_LIMITS,
  type EvidenceItem,
  quorumOf,
  signFarewell,
} from '../protocols/epoch/index.ts'
import {
  domainIdOf,
  encodeOwnerWord,
  signOwnerWord,
  signStatement,
  type Statement,
  TRUST_LIMITS,
} from '../trust/index.ts'
import { evidenceItem } from '../node/epoch/evidence-kinds.ts'
import { isSeatNeeded } from '../node/epoch/needed-seat.ts'
import { TrustFold } from '../node/epoch/trust-fold.ts'
import { simCrypto, simSigner } from './sim-crypto.ts'
import { simHash } from './sim-hash.ts'
import { Trace } from './trace.ts'

/** A device goes at one epoch, and is there again at another. */
export interface Absence {
  readonly device: number
  readonly from: number
  readonly to: number
}

/** Two devices say, before an epoch, that one belongs to the other; or one says that it does so no longer. */
export interface OwnerWish {
  readonly epoch: number
  readonly owner: number
  readonly device: number
  readonly binds: boolean
}

export interface SeatsPlan {
  readonly devices: number
  /** None where it is left out. */
  readonly wishes?: readonly OwnerWish[]
  readonly absences: readonly Absence[]
  /** Whether those who go say that they leave. */
  readonly inWords: boolean
  readonly epochs: number
}

interface SimDevice {
  readonly signer: Signer
  readonly absences: readonly Absence[]
  /** It would go, and waits until the others can do without its seat. */
  waiting: boolean
  gone: boolean
}

const NETWORK = simHash(utf8('seats'))

export class SeatsWorld {
  readonly plan: SeatsPlan
  readonly story: string[] = []
  /** Epochs, each at its end, in which one that was over could not be certified. */
  readonly waited: number[] = []
  /** Seats of a committee whose devices had left in words more than two epochs before. */
  readonly emptySeats: string[] = []
  /** Seats of devices that belong to another one. */
  readonly doubleSeats: string[] = []
  /** Epochs in which the order of words about owners made a difference. */
  readonly ordered: number[] = []
  /** Epochs that devices stayed for, because they were needed. */
  held = 0
  events = 0
  readonly fold: TrustFold
  readonly #devices: readonly SimDevice[]
  readonly #trace = new Trace()
  #words: EvidenceItem[] = []
  /** Statements that no cut holds yet. */
  #said: { readonly of: SimDevice; readonly epoch: number }[] = []
  /** Epochs whose cuts held the word of a device. */
  readonly #left = new Map<PeerId, number>()

  constructor(plan: SeatsPlan) {
    this.plan = plan
    this.#devices = Array.from({ length: plan.devices }, (_, number) => ({
      signer: simSigner(number),
      absences: plan.absences.filter(({ device }) => device === number),
      waiting: false,
      gone: false,
    }))
    const founder = simSigner(0).peer
    const parameters = encodeParameters({ epochMs: EPOCH_LIMITS.EPOCH_MS_DEFAULT })
    this.fold = new TrustFold({ crypto: simCrypto, network: NETWORK, founder, parameters })
  }

  /** Who is there and means to stay, or has to. */
  get there(): ReadonlySet<PeerId> {
    const there = this.#devices.filter(({ gone }) => !gone)
    return new Set(there.map(({ signer }) => signer.peer))
  }

  get committee(): readonly PeerId[] {
    return this.fold.committees.next
  }

  run(): this {
    for (let epoch = 0; epoch < this.plan.epochs; epoch++) this.#epoch(epoch)
    return this
  }

  traceHash(): string {
    return this.#trace.digest()
  }

  #epoch(epoch: number): void {
    for (const [number, device] of this.#devices.entries()) this.#come(number, device, epoch)
    for (const device of this.#devices) {
      if (device.gone || device.waiting) continue
      this.#said.push({ of: device, epoch })
    }
    for (const [number, device] of this.#devices.entries()) this.#go(number, device, epoch)
    while (this.fold.epoch < epoch && this.#decides()) this.#certify(this.fold.epoch + 1)
    if (this.fold.epoch < epoch) this.waited.push(epoch)
    this.#trace.note(epoch, this.committee.length, this.fold.epoch + 1)
    this.#noteEmpty()
    this.#noteDouble()
  }

  #come(number: number, device: SimDevice, epoch: number): void {
    if (!device.absences.some(({ to }) => to === epoch)) return
    if (device.gone) this.story.push(`epoch ${epoch}: device ${number} is back`)
    device.gone = false
    device.waiting = false
  }

  /** A device says that it leaves, at the end of an epoch that it spoke of, and goes once it may. */
  #go(number: number, device: SimDevice, epoch: number): void {
    const { signer, absences, gone, waiting } = device
    const isDue = absences.some(({ from }) => from === epoch)
    if (gone || !(isDue || waiting)) return
    const { inWords } = this.plan
    if (inWords && !waiting) {
      this.#words.push(evidenceItem('farewell', signFarewell(signer, { network: NETWORK, epoch })))
    }
    const { next, afterNext } = this.fold.committees
    device.waiting = inWords && isSeatNeeded(signer.peer, [next, afterNext], this.there)
    device.gone = !device.waiting
    if (device.waiting) this.held++
    const how = device.waiting ? 'would go, and is needed' : inWords ? 'leaves' : 'falls silent'
    this.story.push(`epoch ${epoch}: device ${number} ${how}`)
  }

  #decides(): boolean {
    const { committee, there } = this
    return committee.filter((seat) => there.has(seat)).length >= quorumOf(committee.length)
  }

  #certify(epoch: number): void {
    const isDue = (of: number): boolean => of <= epoch && of >= epoch - TRUST_LIMITS.LATE_EPOCHS_MAX
    const stated = this.#said
      .filter((one) => isDue(one.epoch))
      .map(({ of: { signer }, epoch: of }) => {
        const domain = domainIdOf(simHash, { network: NETWORK, owner: signer.peer })
        const onion = simHash(utf8(`${signer.peer} ${of}`))
        const rows = { heads: this.#headsOf(signer.peer, of), provided: [], consumed: [] }
        const statement = { network: NETWORK, epoch: of, domain, ...rows, onion }
        return { owner: signer.peer, signed: signStatement(signer, statement) }
      })
    const evidence = this.fold.departures.copy().takeAll(this.#words, epoch)
    const owners = this.#wishesIn(epoch)
    const rest = { floors: [], audits: [], restart: undefined, change: undefined }
    const cut = { statements: stated, evidence, ...rest }
    const other = this.fold.copy()
    this.fold.fold(epoch, { ...cut, owners })
    other.fold(epoch, { ...cut, owners: owners.toReversed() })
    if (tiesOf(this.fold) !== tiesOf(other)) this.ordered.push(epoch)
    this.events += 1 + stated.length + evidence.length
    this.#said = this.#said.filter((one) => one.epoch > epoch)
    for (const item of evidence) {
      const word = this.fold.departures.read(item)
      if (word !== undefined) this.#left.set(word.device, epoch)
    }
    this.#words = this.#words.filter((item) => !evidence.includes(item))
  }

  /** The devices that somebody speaks for and that are there; others go on to speak, and nobody listens. */
  #headsOf(owner: PeerId, epoch: number): Statement['heads'] {
    const devices = this.fold.owners.devicesOf(owner, epoch).filter((one) => this.there.has(one))
    return [owner, ...devices]
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((device) => ({ device, size: epoch + 1, root: simHash(utf8(device)) }))
  }

  /** What is said about owners before an epoch, whether it counts or not. */
  #wishesIn(epoch: number): readonly Uint8Array[] {
    const wishes = this.plan.wishes?.filter((wish) => wish.epoch === epoch) ?? []
    return wishes.map(({ owner: by, device: of, binds }) => {
      const [wished, device] = [simSigner(by), simSigner(of)]
      const tie = this.fold.owners.tieOf(device.peer)
      const number = (tie?.number ?? 0) + 1
      // Who leaves knows whom; where it has no owner, it is nobody's to let go.
      const from = this.#devices.find(({ signer }) => signer.peer === tie?.owner)?.signer
      const owner = binds ? wished : (from ?? wished)
      const peers = { owner: owner.peer, device: device.peer }
      const subject = { network: NETWORK, number, ...peers, binds }
      const word = signOwnerWord(device, subject, epoch)
      const { byOwner } = signOwnerWord(owner, subject, epoch)
      const what = binds ? `joins ${by}` : 'leaves its owner'
      this.story.push(`epoch ${epoch}: device ${of} ${what}`)
      return encodeOwnerWord(binds ? { ...word, byOwner } : word)
    })
  }

  /** An owner has one seat. */
  #noteDouble(): void {
    const { epoch, owners } = this.fold
    for (const seat of this.committee) {
      if (owners.speakerOf(seat, epoch + 1) === seat) continue
      this.doubleSeats.push(`in epoch ${epoch + 1}`)
    }
  }

  /** Those who left have no seat from the second epoch after their word on. */
  #noteEmpty(): void {
    const { epoch, departures } = this.fold
    for (const seat of this.committee) {
      const said = this.#left.get(seat)
      const isLate = said !== undefined && epoch + 1 >= said + 2
      if (isLate && departures.hasLeft(seat) && this.committee.length > 1) {
        this.emptySeats.push(`in epoch ${epoch + 1}, ${epoch + 1 - said} after its word`)
      }
    }
  }
}

/** The table of owners, as it can be compared. */
function tiesOf({ owners }: TrustFold): string {
  return owners.ties
    .map(({ device, owner, since }) => `${device} ${owner} ${since}`)
    .toSorted()
    .join('\n')
}
