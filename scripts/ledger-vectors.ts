/**
 * One of everything that a ledger is made of, for test/vectors/ledger.json.
 *
 * @module
 */

import { toHex } from '../core/bytes.ts'
import { encodeShape } from '../core/cbor-shape.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import {
  consistencyProof,
  contradictionOf,
  encodeEquivocation,
  type Equivocation,
  type Half,
  headForkOf,
  rangeRoot,
  rolloverBody,
  ROLLOVER_REASONS,
  signHalf,
  SIGNED_HALF,
  SIGNED_HEAD,
} from '../ledger/index.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { bundleOf, halvesOf, ledgerContext, WrittenLedger } from '../test/fixtures/ledgers.ts'

const [alice, bob] = [device(1), device(2)]

/** The text of the file. */
export function ledgerVectors(): string {
  const ledger = new WrittenLedger(alice)
  ledger.note('first')
  const simple = halvesOf({ requester: alice, provider: bob, mode: 'simple', word: 'one' })
  const stream = halvesOf({ ...parties, mode: 'stream', word: 'two', rounds: 2 })
  const sealed = halvesOf({ ...parties, mode: 'sealed', word: 'three' })
  const kinds = new Map([...simple, ...sealed].map((half) => [half.kind, half]))
  const vectors = {
    network: toHex(ledgerContext.network),
    requester: alice.peer,
    provider: bob.peer,
    genesis: toHex(ledger.entries[0]?.entry.body ?? new Uint8Array()),
    log: toHex(ledger.chain.log),
    entry: toHex(ledger.entries[1]?.encoded ?? new Uint8Array()),
    entryId: toHex(ledger.entries[1]?.id ?? new Uint8Array()),
    head: toHex(encodeShape(SIGNED_HEAD, ledger.head())),
    rollover: toHex(rolloverBody(rollover(ledger.head()))),
    halves: [...kinds.values()].map(halfVector),
    simple: toHex(bundleOf(alice, [simple])),
    stream: toHex(bundleOf(bob, [stream])),
    sealed: toHex(bundleOf(alice, [sealed])),
    headFork: toHex(encodeEquivocation(ledgerContext, headFork())),
    contradiction: toHex(encodeEquivocation(ledgerContext, contradiction(simple))),
  }
  return `${JSON.stringify(vectors, undefined, 2)}\n`
}

const parties = { requester: alice, provider: bob }

function halfVector(half: Half): {
  readonly kind: string
  readonly id: string
  readonly hex: string
} {
  return { kind: half.kind, id: toHex(half.id), hex: toHex(encodeShape(SIGNED_HALF, half.signed)) }
}

function rollover(lastKnown: SignedRecord): Parameters<typeof rolloverBody>[0] {
  return { incarnation: 1, size: 2, reason: ROLLOVER_REASONS['entries lost'], lastKnown }
}

/** A device that wrote one history of three entries, and then another of five. */
function headFork(): Equivocation {
  const [one, other] = [new WrittenLedger(alice), new WrittenLedger(alice)]
  for (const text of ['a', 'b']) one.note(text)
  for (const text of ['a', 'c', 'd', 'e']) other.note(text)
  const { sha256 } = nodeCrypto
  const [first, second] = [one.chain.size, other.chain.size]
  const fork = headForkOf(ledgerContext, {
    accused: alice.peer,
    earlier: one.head(),
    later: other.head(),
    rootThen: rangeRoot(sha256, [0, first], other.source),
    proof: consistencyProof(sha256, { first, second }, other.source),
  })
  if (fork === undefined) throw new Error('expected a fork')
  return fork
}

/** Two settlements of one result. */
function contradiction(halves: readonly Half[]): Equivocation {
  const settle = halves.at(-1)
  if (settle?.kind !== 'settle') throw new Error('expected a settle')
  const again = signHalf(ledgerContext, alice, 'settle', { ...settle.body, milliCredits: 100 })
  const proof = contradictionOf(ledgerContext, alice.peer, settle, again)
  if (proof === undefined) throw new Error('expected a contradiction')
  return proof
}
