/**
 * What does verifying a ledger cost beside the hashes and signatures that it cannot do without?
 *
 * @module
 */

import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from 'node:crypto'
import { concatBytes } from '../core/bytes.ts'
import {
  BundleVerifier,
  endItem,
  entryItem,
  halfItem,
  headItem,
  preambleItem,
} from '../ledger/index.ts'
import { nodeCrypto } from '../node/crypto/node-crypto.ts'
import { device } from '../test/fixtures/devices.ts'
import { halvesOf, ledgerContext, WrittenLedger } from '../test/fixtures/ledgers.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const ROUNDS = 7
/** Entries that nothing but the head signs, of 100 bytes of content. */
const ENTRIES = 100_000
const CONTENT_BYTES = 100
/** Receipts of four halves: two entries, and two of the other party's beside them. */
const RECEIPTS = 750
const CHUNK_BYTES = 262_144

/** Per second of one core: the values of all rounds. */
export interface VerifyRates {
  readonly headSigned: readonly number[]
  /** The two hashes that an entry takes, and nothing else. */
  readonly bareHashes: readonly number[]
  /** Halves, each with its signature. */
  readonly signed: readonly number[]
  /** node:crypto with a parsed key, and nothing else. */
  readonly bareSignatures: readonly number[]
}

export const benchmark: Benchmark = {
  question: 'what does verifying a ledger cost beside its bare hashes and signatures?',
  async run({ say, signal }): Promise<readonly Row[]> {
    const rates = await measureVerify(say, signal)
    return [
      row('entries under a head', rates.headSigned, rates.bareHashes),
      row('halves, each signed', rates.signed, rates.bareSignatures),
    ]
  },
}

function row(name: string, values: readonly number[], bare: readonly number[]): Row {
  const [own, plain] = [spread(values), spread(bare).p50]
  return {
    name,
    figures: {
      'per second and core': Math.round(own.p50),
      p10: Math.round(own.p10),
      p90: Math.round(own.p90),
      'bare library': Math.round(plain),
      ratio: (own.p50 / plain).toFixed(2),
    },
  }
}

/** Measures all four in turn, so that whatever else the machine does strikes all alike. */
export async function measureVerify(
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<VerifyRates> {
  const [entries, halves] = [entryBundle(), receiptBundle()]
  const signature = bareSignature()
  const rates = { headSigned: [], bareHashes: [], signed: [], bareSignatures: [] } as Record<
    keyof VerifyRates,
    number[]
  >
  for (let round = 0; round <= ROUNDS; round++) {
    signal.throwIfAborted()
    const measured: Record<keyof VerifyRates, number> = {
      headSigned: perCpuSecond(ENTRIES, () => verifyBundle(entries)),
      bareHashes: perCpuSecond(ENTRIES, hashPlainly),
      signed: perCpuSecond(4 * RECEIPTS, () => verifyBundle(halves)),
      bareSignatures: perCpuSecond(4 * RECEIPTS, () => verifyPlainly(signature)),
    }
    // The first round warms up.
    if (round === 0) continue
    for (const name of Object.keys(rates) as (keyof VerifyRates)[]) {
      rates[name].push(measured[name])
    }
    say(`round ${round}: ${describe(measured)}`)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  return rates
}

function describe({
  headSigned,
  bareHashes,
  signed,
  bareSignatures,
}: Record<keyof VerifyRates, number>): string {
  const rounded = [headSigned, bareHashes, signed, bareSignatures].map(Math.round)
  const [entries, hashes, halves, signatures] = rounded
  return `${entries} entries/s (bare hashes ${hashes}), ${halves} halves/s (bare signatures ${signatures})`
}

/** Time of the process rather than of the wall: what others do on the machine is not counted. */
function perCpuSecond(count: number, work: () => void): number {
  const before = process.cpuUsage()
  work()
  const { user, system } = process.cpuUsage(before)
  return (count * 1_000_000) / (user + system)
}

function verifyBundle(file: Uint8Array): void {
  const verifier = new BundleVerifier(nodeCrypto, { signatures: 'all' })
  for (let at = 0; at < file.length; at += CHUNK_BYTES) {
    verifier.push(file.subarray(at, at + CHUNK_BYTES))
  }
  const { status } = verifier.finish()
  if (status !== 'ok') throw new Error(`the bundle is ${status}`)
}

function entryBundle(): Uint8Array {
  const ledger = new WrittenLedger(device(1))
  const content = new Uint8Array(CONTENT_BYTES)
  while (ledger.chain.size < ENTRIES) ledger.write(40, content)
  return bundle(
    ledger,
    ledger.entries.map(({ encoded }) => entryItem(encoded)),
  )
}

function receiptBundle(): Uint8Array {
  const [requester, provider] = [device(1), device(2)]
  const ledger = new WrittenLedger(requester)
  const items = ledger.entries.map(({ encoded }) => entryItem(encoded))
  for (let index = 0; index < RECEIPTS; index++) {
    for (const half of halvesOf({ requester, provider, mode: 'simple', word: String(index) })) {
      const own = half.kind === 'order' || half.kind === 'settle'
      items.push(own ? entryItem(ledger.half(half).encoded) : halfItem(half.signed))
    }
  }
  return bundle(ledger, items)
}

function bundle(ledger: WrittenLedger, items: readonly Uint8Array[]): Uint8Array {
  const { network } = ledgerContext
  const preamble = preambleItem({ network, device: ledger.signer.peer, from: 0, incarnation: 0 })
  return concatBytes([preamble, ...items, headItem(ledger.head()), endItem(ledger.chain.size)])
}

/** A leaf of an entry's length and an inner node, for each entry. */
function hashPlainly(): void {
  const [leaf, node] = [new Uint8Array(CONTENT_BYTES + 91), new Uint8Array(65)]
  for (let index = 0; index < ENTRIES; index++) {
    hash('sha256', leaf, 'buffer')
    hash('sha256', node, 'buffer')
  }
}

interface BareSignature {
  readonly key: KeyObject
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

function bareSignature(): BareSignature {
  const pkcs8 = Buffer.from(`302e020100300506032b657004220420${'07'.repeat(32)}`, 'hex')
  const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' })
  const message = new Uint8Array(80)
  return { key: createPublicKey(privateKey), message, signature: sign(null, message, privateKey) }
}

function verifyPlainly({ key, message, signature }: BareSignature): void {
  for (let index = 0; index < 4 * RECEIPTS; index++) verify(null, message, key, signature)
}
