/**
 * A process that writes a ledger to a real database, killed at random, a thousand times.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { toHex } from '../../core/bytes.ts'
import { BundleVerifier } from '../../ledger/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { LedgerReader } from '../../node/ledger/ledger-reader.ts'
import { LevelRows } from '../../node/storage/level-rows.ts'
import { delay } from '../../test/fixtures/delay.ts'
import { device } from '../../test/fixtures/devices.ts'
import { ledgerContext, recalledHead } from '../../test/fixtures/ledgers.ts'
import type { Claim } from '../claim.ts'

const KILLS = 1_000
/** A kill comes so long after the start, at most, in ms. */
const LIFE_MS_MAX = 60
/** The whole ledger is read after so many kills, and at the end. */
const READ_EVERY = 100
const MINUTES_MAX = 20

interface Started {
  readonly type: 'started'
  readonly size: number
  readonly suspect?: string
  readonly dropped: number
  readonly treeRepaired: boolean
}

interface Durable {
  readonly type: 'durable'
  readonly seq: number
  readonly id: string
  readonly size: number
  readonly root: string
}

/** What the process said that is on the disk. */
interface Told {
  /** Ids by their place. */
  readonly ids: string[]
  /** Roots of heads by their size. */
  readonly roots: Map<number, string>
  /** The sizes whose roots were not compared with the disk yet. */
  readonly unread: Set<number>
}

export const claim: Claim = {
  sentence: 'A ledger loses nothing that it said to be on the disk, however its process dies.',
  goal: `${KILLS} kills, no entry lost, no head contradicted, every start goes on, ≤ ${MINUTES_MAX} min`,
  soak: true,
  run: async ({ say, signal }) => {
    const folder = mkdtempSync(join(tmpdir(), 'brume-kills-'))
    const path = join(folder, 'ledger')
    const told: Told = { ids: [], roots: new Map(), unread: new Set() }
    const endMs = performance.now() + MINUTES_MAX * 60_000
    const problems: string[] = []
    let kills = 0
    try {
      while (kills < KILLS && performance.now() < endMs) {
        signal.throwIfAborted()
        problems.push(...(await liveAndDie(path, told)))
        kills++
        if (kills % READ_EVERY !== 0 && kills < KILLS) continue
        problems.push(...(await readWhole(path, told)))
        say(`${kills} kills, ${told.ids.length} entries told, ${problems.length} problems`)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
    for (const problem of problems.slice(0, 10)) say(problem)
    return {
      met: kills === KILLS && problems.length === 0,
      figure: `${kills} kills, ${told.ids.length} entries, ${problems.length} problems`,
      facts: { kills, entries: told.ids.length, problems },
    }
  },
}

/** One life of the process, from its start to a kill at random. Returns what was wrong. */
async function liveAndDie(path: string, told: Told): Promise<readonly string[]> {
  const problems: string[] = []
  const child = spawn(process.execPath, [resolve('test/fixtures/ledger-writer-program.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'exit')
  const started = Promise.withResolvers<void>()
  const lines = createInterface(child.stdout)
  lines.on('line', (text) => {
    const line = parsed(text)
    if (line?.type === 'started') {
      problems.push(...startProblems(line, told))
      started.resolve()
    } else if (line !== undefined) problems.push(...record(line, told))
  })
  await Promise.race([started.promise, ended])
  if (child.exitCode !== null) problems.push(`a start ended with ${child.exitCode}`)
  await delay(Math.random() * LIFE_MS_MAX)
  child.kill('SIGKILL')
  await Promise.all([ended, once(lines, 'close')])
  return problems
}

function parsed(text: string): Started | Durable | undefined {
  try {
    return JSON.parse(text) as Started | Durable
  } catch {
    // A line that the kill cut off was not told.
    return undefined
  }
}

function startProblems({ size, suspect, treeRepaired }: Started, { ids }: Told): string[] {
  const problems: string[] = []
  if (size < ids.length) problems.push(`a start found ${size} entries of ${ids.length} told`)
  if (suspect !== undefined) problems.push(`a start found its ledger ${suspect}`)
  if (treeRepaired) problems.push('a start had to mend the tree')
  return problems
}

function record({ seq, id, size, root }: Durable, { ids, roots, unread }: Told): string[] {
  const [knownId, knownRoot] = [ids[seq], roots.get(size)]
  ids[seq] = id
  roots.set(size, root)
  if (knownRoot === undefined) unread.add(size)
  const forked = knownRoot !== undefined && knownRoot !== root
  return [
    ...(knownId === undefined || knownId === id
      ? []
      : [`entry ${seq} was told twice, and differs`]),
    ...(forked ? [`two heads of size ${size}`] : []),
  ]
}

/** Reads what is on the disk now: every entry that was told, every head, and the bundle as a stranger does. */
async function readWhole(path: string, { ids, roots, unread }: Told): Promise<readonly string[]> {
  const rows = new LevelRows(path)
  await rows.open()
  try {
    const reader = new LedgerReader({ rows, context: ledgerContext, signer: device(1) })
    const { size } = recalledHead(await reader.head()).head
    const problems: string[] = []
    for await (const { entry, id } of reader.entries(0, size)) {
      const known = ids[entry.seq]
      if (known !== undefined && known !== toHex(id)) problems.push(`entry ${entry.seq} changed`)
    }
    // Of those compared before, the entries say that they are still the same.
    for (const at of unread) {
      if (at > size) problems.push(`a head over ${at} entries, and ${size} are there`)
      else if (toHex(await reader.rootAt(at)) !== roots.get(at))
        problems.push(`another head of ${at}`)
    }
    unread.clear()
    const verifier = new BundleVerifier(nodeCrypto, { ...ledgerContext, signatures: 'all' })
    for await (const item of reader.bundle()) verifier.push(item)
    const { problem } = verifier.finish()
    return problem === undefined ? problems : [...problems, `${problem.code} ${problem.reason}`]
  } finally {
    await rows.close()
  }
}
