/**
 * Looks at the ledger of another device: what it gives of it itself, beside what its witnesses hold.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type BundleReport,
  BundleVerifier,
  type Equivocation,
  type LedgerContext,
  logIdOf,
  type RecalledHead,
} from '../../ledger/index.ts'
import { compareHeads, type HeadComparison } from './fork-finder.ts'
import type { LedgerSource } from './ledger-source.ts'
import type { LedgerWitness } from './ledger-witness.ts'
import type { NearMembers } from './near-members.ts'
import type { WitnessBook } from './witness-book.ts'

/** Witnesses that are asked, at most. */
const WITNESSES_ASKED_MAX = 5

/** What one witness holds beside what the device gave. */
export interface WitnessFinding {
  readonly peer: PeerId
  readonly held: RecalledHead | undefined
  readonly result: HeadComparison['type'] | 'nothing held' | 'silent'
}

export interface LedgerAudit {
  /** What the device gave; undefined when it gave nothing. */
  readonly report: BundleReport | undefined
  readonly witnesses: readonly WitnessFinding[]
  /** Why it is incomplete though what it gave holds: a witness holds more. */
  readonly withheld: boolean
}

export interface AuditComponents {
  readonly self: PeerId
  readonly near: NearMembers
  readonly witness: Pick<LedgerWitness, 'withSource' | 'report'>
  readonly book: WitnessBook
}

/** What a device said of its own ledger. */
interface Given {
  readonly report: BundleReport
  readonly head: RecalledHead | undefined
}

/** Asks `device` for its ledger, and its witnesses for its heads. A fork that is found is reported to the mesh. */
export async function auditLedger(
  components: AuditComponents,
  device: PeerId,
): Promise<LedgerAudit> {
  const { near, witness, book, self } = components
  const { context } = book
  const given = await quietly(() =>
    witness.withSource(device, (source) => givenBy(context, source)),
  )
  const log = logIdOf(context.crypto.sha256, context.network, device)
  const others = near
    .inOrder(log)
    .filter((peer) => peer !== device)
    .slice(0, WITNESSES_ASKED_MAX)
  const found = await Promise.all(
    others.map(
      async (peer) =>
        (await quietly(() =>
          witness.withSource(peer, (source) => lookAt(components, device, given, source)),
        )) ?? { peer, held: undefined, result: 'silent' as const },
    ),
  )
  const own = await ownFinding(components, device, given)
  const witnesses = own === undefined ? found : [{ ...own, peer: self }, ...found]
  const withheld = witnesses.some(({ held }) => isBeyond(held, given?.head))
  return { report: given?.report, witnesses, withheld }
}

async function givenBy(context: LedgerContext, source: LedgerSource): Promise<Given> {
  const verifier = new BundleVerifier(context.crypto, { ...context, signatures: 'all' })
  for await (const part of source.bundle()) if (!verifier.push(part)) break
  const report = verifier.finish()
  const { newest } = await source.heads(source.peer)
  const whose = report.log?.preamble.device
  // A ledger of somebody else is none.
  return whose === undefined || whose === source.peer
    ? { report, head: newest }
    : { report: { ...report, status: 'invalid', log: undefined }, head: newest }
}

/** What a witness holds, beside what the device gave. */
async function lookAt(
  { book, witness }: AuditComponents,
  device: PeerId,
  given: Given | undefined,
  source: LedgerSource,
): Promise<WitnessFinding> {
  const { peer } = source
  const { newest: held } = await source.heads(device)
  const head = given?.head
  if (held === undefined) return { peer, held, result: 'nothing held' }
  if (head === undefined) return { peer, held, result: 'unknown' }
  const compared = await compareHeads(book.context, device, [head, held], (greater, growth) =>
    greater === held
      ? source.growth(device, growth)
      : witness.withSource(device, (own) => own.growth(device, growth)),
  )
  return { peer, held, result: await reported(witness, compared) }
}

/** What this device holds itself as a witness; undefined for nothing. */
async function ownFinding(
  { book, witness }: AuditComponents,
  device: PeerId,
  given: Given | undefined,
): Promise<Omit<WitnessFinding, 'peer'> | undefined> {
  const mirror = await book.held(device)
  const held = await mirror?.newest()
  const head = given?.head
  if (mirror === undefined || held === undefined) return undefined
  if (head === undefined) return { held, result: 'unknown' }
  const compared = await compareHeads(book.context, device, [head, held], (greater, growth) =>
    greater === held
      ? mirror.growth(growth)
      : witness.withSource(device, (own) => own.growth(device, growth)),
  )
  return { held, result: await reported(witness, compared) }
}

async function reported(
  witness: AuditComponents['witness'],
  compared: HeadComparison,
): Promise<HeadComparison['type']> {
  const fork: Equivocation | undefined = compared.type === 'fork' ? compared.proof : undefined
  if (fork !== undefined) await witness.report(fork)
  return compared.type
}

/** True when `held` is later than what was given. */
function isBeyond(held: RecalledHead | undefined, given: RecalledHead | undefined): boolean {
  if (held === undefined) return false
  if (given === undefined || held.head.incarnation > given.head.incarnation) return true
  const same = held.head.incarnation === given.head.incarnation
  const grown = held.head.size > given.head.size
  return same && grown && !bytesEqual(held.head.root, given.head.root)
}

/** Undefined for a device that does not answer: its silence is what is found. */
async function quietly<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch {
    return undefined
  }
}
