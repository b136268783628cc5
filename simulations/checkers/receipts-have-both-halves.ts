/**
 * A receipt that a ledger counts was signed by both of its parties, counts once, and no more than both of them said (L4).
 *
 * What was signed is taken from what went over the links, not from what any ledger says.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { type Half, milliCreditsOf, type Receipt } from '../../ledger/index.ts'
import type { ReadLedger } from '../ledgers/ledger-history.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'
import type { LedgerWorld } from '../ledgers/ledger-world.ts'

export const receiptsHaveBothHalves: LedgerChecker = (world, { ledgers }) => {
  const spoken = spokenBy(world.testimony.halves)
  return ledgers.flatMap((ledger) => [
    ...countedTwice(ledger),
    ...unsaid(ledger, spoken),
    ...toldOfMore(world, ledger),
  ])
}

function countedTwice({ device, ended }: ReadLedger): readonly string[] {
  const orders = ended.map(({ order }) => toHex(order.id))
  const twice = orders.length - new Set(orders).size
  return twice === 0 ? [] : [`device ${device} counts ${twice} receipts twice`]
}

function unsaid(ledger: ReadLedger, spoken: ReadonlyMap<string, Spoken>): readonly string[] {
  return ledger.ended.flatMap((receipt) => {
    const bound = boundOf(ledger, receipt, spoken)
    const { milliCredits, order } = receipt
    if (milliCredits <= bound) return []
    const task = toHex(order.body.task)
    const what = `counts ${milliCredits} for ${task}, of which the other party said ${bound}`
    return [`device ${ledger.device} ${what}`]
  })
}

/** What an honest device tells of an epoch are the same receipts again. */
function toldOfMore(
  { devices, testimony, told }: LedgerWorld,
  { device, ended }: ReadLedger,
): readonly string[] {
  const owner = devices[device]
  if (owner === undefined || owner.liar !== undefined || testimony.lossy.has(owner)) return []
  const counted = ended.reduce((sum, { milliCredits }) => sum + milliCredits, 0)
  const last = told.findLast((one) => one.device === device)?.statement
  const rows = [...(last?.provided ?? []), ...(last?.consumed ?? [])]
  const said = rows.reduce((sum, { milliCredits }) => sum + milliCredits, 0)
  const what = `tells of ${said}, and its ledger of ${counted}`
  return said <= counted ? [] : [`device ${device} ${what}`]
}

/** By task: what the requester settled for each result, and what the provider delivered. */
interface Spoken {
  readonly settled: Map<string, number>
  readonly delivered: Map<string, number>
}

function spokenBy(halves: readonly Half[]): ReadonlyMap<string, Spoken> {
  const byTask = new Map<string, Spoken>()
  for (const half of halves) {
    const task = toHex(half.body.task)
    const spoken = byTask.get(task) ?? { settled: new Map(), delivered: new Map() }
    byTask.set(task, spoken)
    if (half.kind === 'settle' && half.body.verdict === 'accepted') {
      raise(spoken.settled, toHex(half.body.result), half.body.milliCredits)
    } else if (half.kind === 'result') {
      raise(spoken.delivered, String(half.body.chunk), milliCreditsOf(half.body.work))
    }
  }
  return byTask
}

/** Whoever says two things of one half may be held to the greater. */
function raise(sums: Map<string, number>, key: string, value: number): void {
  sums.set(key, Math.max(sums.get(key) ?? 0, value))
}

/** The most that the owner of a ledger can count, by what the other party said. */
function boundOf(
  { peer }: ReadLedger,
  { order }: Receipt,
  byTask: ReadonlyMap<string, Spoken>,
): number {
  const spoken = byTask.get(toHex(order.body.task))
  const said = order.body.requester === peer ? spoken?.delivered : spoken?.settled
  return [...(said?.values() ?? [])].reduce((sum, value) => sum + value, 0)
}
