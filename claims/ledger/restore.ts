/**
 * A ledger that is restored from an old copy on the disk: by an honest device, and by one that hides it.
 *
 * First in this process, where every pair of heads that peers could hold is compared; what they
 * hold is what the device showed them. Then by real daemons, one of which is put back from a copy.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { toHex, utf8 } from '../../core/bytes.ts'
import {
  BundleVerifier,
  encodeEquivocation,
  ENTRY_KINDS,
  type HeadFork,
  headForkOf,
  type RecalledHead,
} from '../../ledger/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { LedgerStore } from '../../node/ledger/ledger-store.ts'
import { folderIdentity } from '../../node/storage/folder-identity.ts'
import { LevelRows } from '../../node/storage/level-rows.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import { systemRandom } from '../../node/system/system-random.ts'
import { device } from '../../test/fixtures/devices.ts'
import { ledgerContext, recalledHead } from '../../test/fixtures/ledgers.ts'
import type { Claim, Verdict } from '../claim.ts'
import { type RestoredDaemon, restoredDaemon } from './restored-daemon.ts'

const owner = device(1)
const NOTES = 40
const PROOF_BYTES_MAX = 2_048
/** `brume ledger verify` says so when a fork is proven. */
const FORK_EXIT = 4

/** What peers were shown: heads, and the entries under the last of them. */
interface Shown {
  readonly heads: RecalledHead[]
  entries: readonly Uint8Array[]
}

export const claim: Claim = {
  sentence: 'A ledger restored from an old copy gets back what peers kept, and accuses nobody.',
  goal: `nothing lost with peers, a rollover without, no fork provable; a hidden restore is, in ≤ ${PROOF_BYTES_MAX} bytes`,
  run: async ({ say }) => {
    const folder = mkdtempSync(join(tmpdir(), 'brume-restore-'))
    const [live, copy] = [join(folder, 'live'), join(folder, 'copy')]
    const restore = (): void => {
      rmSync(live, { recursive: true })
      cpSync(copy, live, { recursive: true })
    }
    try {
      const shown: Shown = { heads: [], entries: [] }
      await firstLife(live, copy, shown)
      restore()
      const fetched = await honest(live, shown, shown.heads.at(-1))
      say(`with peers: ${fetched.kept} entries are there again, ${fetched.status}`)
      restore()
      const alone = await honest(live, shown, undefined)
      say(`without peers: a rollover after ${alone.kept} entries, ${alone.status}`)
      restore()
      const lie = await hidden(live, shown, join(folder, 'proof'))
      say(`hidden: ${lie.proofBytes} bytes of proof, brume ledger verify exits with ${lie.exit}`)
      const daemon = await restoredDaemon(say)
      return verdictOf({ entries: shown.entries.length, fetched, alone, lie }, daemon)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

interface Outcome {
  readonly entries: number
  readonly fetched: Restored
  readonly alone: Restored
  readonly lie: Hidden
}

function verdictOf({ entries, fetched, alone, lie }: Outcome, daemon: RestoredDaemon): Verdict {
  const pairs = [...fetched.forks, ...alone.forks]
  const accused = pairs.filter((fork) => fork !== undefined).length
  const whole = [fetched, alone].every(({ status, rolledOver }) => status === 'ok' && rolledOver)
  const proven = lie.exit === FORK_EXIT && lie.proofBytes <= PROOF_BYTES_MAX
  const simulated = whole && fetched.kept === entries && accused === 0 && proven
  return {
    met: simulated && isRestored(daemon),
    figure:
      `daemons: ${daemon.back} of ${daemon.entries} entries back, ${daemon.proofs} proofs against ` +
      `anybody; in one process: ${fetched.kept} of ${entries} entries back, ${accused} of ` +
      `${pairs.length} pairs of honest heads accuse, a hidden restore is proven in ${lie.proofBytes} bytes`,
    facts: { kept: fetched.kept, entries, pairs: pairs.length, accused, ...lie, daemon },
  }
}

function isRestored(daemon: RestoredDaemon): boolean {
  const { back, entries, alone, copied, incarnations, exits, audit, proofs } = daemon
  const rolledOver = incarnations.every((incarnation) => incarnation > 0)
  const holds = [...exits, audit].every((exit) => exit === 0)
  return back === entries && alone === copied && rolledOver && holds && proofs === 0
}

/** The first life: half of it is in the copy, all of it was shown to peers. */
async function firstLife(live: string, copy: string, shown: Shown): Promise<void> {
  const first = await opened(live, { fresh: true })
  await first.goOn()
  await write(first, shown)
  await first.stop()
  cpSync(live, copy, { recursive: true })
  const second = await opened(live, { fresh: false })
  await second.goOn()
  await write(second, shown)
  shown.entries = await Array.fromAsync(
    second.reader.entries(0, second.size),
    ({ encoded }) => encoded,
  )
  await second.stop()
}

interface Restored {
  readonly kept: number
  readonly rolledOver: boolean
  readonly status: string
  /** One for each pair of an earlier head that was shown and one that is signed now. */
  readonly forks: readonly (HeadFork | undefined)[]
}

/** What the daemon does: asks, gets back what it can, rolls over. */
async function honest(
  live: string,
  shown: Shown,
  latest: RecalledHead | undefined,
): Promise<Restored> {
  const store = await opened(live, { fresh: false })
  const decision = await store.recall(latest === undefined ? [] : [latest])
  if (decision.type === 'go on') throw new Error('expected the store to be suspect')
  if (decision.latest !== undefined) {
    await store.adopt(decision.latest, shown.entries.slice(store.size))
  }
  const kept = store.size
  await store.rollOver('restored', latest)
  const heads = await write(store, { heads: [], entries: [] })
  const forks: (HeadFork | undefined)[] = []
  for (const head of heads) {
    for (const earlier of shown.heads) forks.push(await forkBetween(store, earlier, head))
  }
  const verifier = new BundleVerifier(nodeCrypto, { ...ledgerContext, signatures: 'all' })
  for await (const item of store.reader.bundle()) verifier.push(item)
  await store.stop()
  return { kept, rolledOver: store.incarnation > 0, status: verifier.finish().status, forks }
}

interface Hidden {
  /** 0 when nothing could be proven. */
  readonly proofBytes: number
  /** Of `brume ledger verify` on the proof. */
  readonly exit: number | undefined
}

/** What a modified daemon does: it asks nobody, and goes on from the copy as if nothing had happened. */
async function hidden(live: string, shown: Shown, file: string): Promise<Hidden> {
  const store = await opened(live, { fresh: false })
  await store.goOn()
  await write(store, { heads: [], entries: [] })
  const fork = await forkBetween(store, shown.heads.at(-5), recalledHead(store.head))
  await store.stop()
  if (fork === undefined) return { proofBytes: 0, exit: undefined }
  const proof = encodeEquivocation(ledgerContext, fork)
  writeFileSync(file, proof)
  const words = ['ledger', 'verify', file]
  const { status } = spawnSync(process.execPath, [resolve('node/main.ts'), ...words])
  return { proofBytes: proof.length, exit: status ?? undefined }
}

/** The proof that peers would make of a head that they were shown and one that comes now; undefined when there is none. */
async function forkBetween(
  store: LedgerStore,
  earlier: RecalledHead | undefined,
  later: RecalledHead,
): Promise<HeadFork | undefined> {
  if (earlier === undefined || earlier.head.size > later.head.size) return undefined
  const growth = { first: earlier.head.size, second: later.head.size }
  return headForkOf(ledgerContext, {
    accused: owner.peer,
    earlier: earlier.signed,
    later: later.signed,
    rootThen: await store.reader.rootAt(growth.first),
    proof: await store.reader.consistency(growth),
  })
}

async function opened(path: string, { fresh }: { readonly fresh: boolean }): Promise<LedgerStore> {
  mkdirSync(path, { recursive: true })
  const home = await folderIdentity(path)
  const store = new LedgerStore(
    {
      rows: new LevelRows(path),
      context: ledgerContext,
      signer: owner,
      clock: systemClock,
      random: systemRandom,
      onFailure: (error) => {
        throw error
      },
    },
    { flushRecords: 32, flushDelayMs: 10, home, fresh },
  )
  await store.start(new AbortController().signal)
  return store
}

/** Notes that nobody else would write, and the heads over them. */
async function write(store: LedgerStore, shown: Shown): Promise<readonly RecalledHead[]> {
  for (let index = 0; index < NOTES; index++) {
    const body = utf8(toHex(systemRandom.bytes(8)))
    await store.append({ kind: ENTRY_KINDS.note, body }, 'now')
    shown.heads.push(recalledHead(store.head))
  }
  return shown.heads
}
