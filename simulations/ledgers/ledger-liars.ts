/**
 * Devices that do not keep the rules of ledgers and receipts: the parts of the daemon, put to another use.
 *
 * Each of them signs with its own key only, as whoever owns a device can.
 *
 * @module
 */

import {
  encodeEquivocation,
  ENTRY_KINDS,
  HASH_BYTES,
  openHalf,
  signHalf,
} from '../../ledger/index.ts'
import {
  decodeReceiptMessage,
  encodeReceiptMessage,
  RECEIPT_PROTOCOL,
} from '../../protocols/receipt/index.ts'
import { below } from '../faults.ts'
import type { LedgerDevice } from './ledger-device.ts'
import type { Speech } from './ledger-port.ts'
import type { LedgerWorld } from './ledger-world.ts'

/** What one of them does otherwise. */
export interface LedgerLiar {
  /** How many ledgers it keeps with one key: each other device is shown one of them. */
  readonly faces?: number
  /** It does not want to know what others hold of its ledger. */
  readonly asksNobody?: true
  /** It settles with nobody. */
  readonly settlesNothing?: true
  /** It takes orders, and does nothing. */
  readonly deliversNothing?: true
  /** It says to have done so many times what it did. */
  readonly counts?: number
  /** It signs work that was never done, with another one of its kind. */
  readonly inflates?: true
  /** After a while it throws its key away, and comes back with another one. */
  readonly comesBack?: true
  /** What it sends instead of what it would say. */
  readonly bend?: (device: LedgerDevice, world: LedgerWorld, said: Speech) => Uint8Array
  /** Done every {@link WHIM_MS} or so. */
  readonly whim?: (device: LedgerDevice, world: LedgerWorld) => void
}

/** How often liars that do something of their own accord do it, in ms. */
export const WHIM_MS = 20_000

const LIARS = {
  equivocator: { faces: 2 },
  forgetful: { asksNobody: true, whim: goBack },
  'non-payer': { settlesNothing: true },
  'non-deliverer': { deliversNothing: true },
  braggart: { counts: 1_000 },
  'two-tongued': { bend: settleOtherwise },
  inflater: { inflates: true, counts: 1_000_000 },
  whitewasher: { faces: 2, comesBack: true },
  slanderer: { whim: slander },
} as const satisfies Readonly<Record<string, LedgerLiar>>

export type LedgerLiarName = keyof typeof LIARS

export const LEDGER_LIARS = Object.keys(LIARS) as readonly LedgerLiarName[]

const HONEST: LedgerLiar = {}

/** What a device does otherwise; nothing where it keeps the rules. */
export function liarOf(name: LedgerLiarName | undefined): LedgerLiar {
  return name === undefined ? HONEST : LIARS[name]
}

/** Goes back to what its disks held a while ago, and does not say that it has signed more since. */
function goBack(device: LedgerDevice, { random }: LedgerWorld): void {
  if (random.fraction() < 0.5) device.backUp()
  else device.rollBack()
}

/** Tells the provider of another settlement than the one in its ledger. */
function settleOtherwise(device: LedgerDevice, world: LedgerWorld, said: Speech): Uint8Array {
  const { protocol, frame } = said
  const message = protocol === RECEIPT_PROTOCOL ? decodeReceiptMessage(frame) : undefined
  if (message?.type !== 'half' || message.kind !== 'settle') return frame
  const { context } = world.roster
  const half = openHalf(context, message.kind, message)
  if (half.type === 'refused' || half.value.kind !== 'settle') return frame
  const milliCredits = Math.floor(half.value.body.milliCredits / 2)
  const body = { ...half.value.body, milliCredits }
  const { signed } = signHalf(context, device.signer, 'settle', body)
  return encodeReceiptMessage({ ...message, ...signed })
}

/** Makes what others truly signed look like a fork or a contradiction, and tells everybody. */
function slander(device: LedgerDevice, { random, testimony, honest, roster }: LedgerWorld): void {
  const victim = honest[below(random, honest.length)]
  if (victim === undefined) return
  const accused = victim.signer.peer
  const heads = testimony.headsOf(victim.number)
  const [earlier, later] = [heads[below(random, heads.length)], heads.at(-1)]
  if (earlier !== undefined && later !== undefined) {
    const rootThen = random.fraction() < 0.5 ? random.bytes(HASH_BYTES) : later.head.root
    const fork = { accused, earlier: earlier.signed, later: later.signed, rootThen, proof: [] }
    device.tellProof(encodeEquivocation(roster.context, { ...fork, type: 'head-fork' }))
  }
  const halves = testimony.halvesOf(victim.number)
  const one = halves[below(random, halves.length)]
  const other = halves.find(({ kind, id }) => kind === one?.kind && id !== one.id)
  if (one === undefined || other === undefined) return
  const pair = { kind: ENTRY_KINDS[one.kind], one: one.signed, other: other.signed }
  const proof = { type: 'receipt-contradiction', accused, ...pair } as const
  device.tellProof(encodeEquivocation(roster.context, proof))
}
