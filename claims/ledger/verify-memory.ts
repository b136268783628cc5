/**
 * The memory in which the program verifies a ledger of a million entries, from a file.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import {
  Chain,
  endItem,
  ENTRY_KINDS,
  entryItem,
  genesisBody,
  headItem,
  preambleItem,
  signHead,
} from '../../ledger/index.ts'
import { delay } from '../../test/fixtures/delay.ts'
import { device } from '../../test/fixtures/devices.ts'
import { ledgerContext } from '../../test/fixtures/ledgers.ts'
import type { Claim } from '../claim.ts'

const ENTRIES = 1_000_000
const MEBIBYTES_GOAL = 150
const POLL_MS = 20

export const claim: Claim = {
  sentence: 'A ledger of a million entries is verified in little memory.',
  goal: `≤ ${MEBIBYTES_GOAL} MiB resident while \`brume ledger verify\` reads the file`,
  run: async ({ say, signal }) => {
    const folder = mkdtempSync(join(tmpdir(), 'brume-ledger-'))
    try {
      const file = join(folder, 'million.ledger')
      const bytes = await writeLedger(file, signal)
      say(`${ENTRIES} entries, ${(bytes / 1_048_576).toFixed(0)} MiB`)
      const { status, entries, mebibytes, seconds } = await verify(file, signal)
      say(`${status}: ${entries} entries in ${seconds.toFixed(1)} s`)
      return {
        met: status === 'ok' && entries === ENTRIES && mebibytes <= MEBIBYTES_GOAL,
        figure: `${mebibytes.toFixed(0)} MiB at most, ${ENTRIES} entries in ${seconds.toFixed(1)} s`,
        facts: { mebibytes, seconds, entries },
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

/** Returns the size of the file in bytes. */
async function writeLedger(file: string, signal: AbortSignal): Promise<number> {
  const signer = device(1)
  const { network } = ledgerContext
  const chain = new Chain(ledgerContext, signer.peer)
  const output = createWriteStream(file)
  const write = async (item: Uint8Array): Promise<void> => {
    if (!output.write(item)) await once(output, 'drain', { signal })
  }
  await write(preambleItem({ network, device: signer.peer, from: 0, incarnation: 0 }))
  const note = new Uint8Array(100)
  while (chain.size < ENTRIES) {
    const first = chain.size === 0
    const entry = chain.write({
      wallMs: chain.size,
      kind: first ? ENTRY_KINDS.genesis : ENTRY_KINDS.note,
      body: first ? genesisBody(network, signer.peer) : note,
    })
    if (entry.type === 'refused') throw new Error(entry.reason)
    await write(entryItem(entry.value.encoded))
  }
  await write(headItem(signHead(ledgerContext, signer, chain.head(0, 0))))
  await write(endItem(ENTRIES))
  output.end()
  await once(output, 'close', { signal })
  return output.bytesWritten
}

interface Verified {
  readonly status: string
  readonly entries: number
  /** The most that the process ever had resident. */
  readonly mebibytes: number
  readonly seconds: number
}

async function verify(file: string, signal: AbortSignal): Promise<Verified> {
  const startMs = performance.now()
  const words = ['ledger', 'verify', file, '--json']
  const child = spawn(process.execPath, [resolve('node/main.ts'), ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  })
  const output = text(child.stdout)
  let peak = 0
  while (child.exitCode === null && child.signalCode === null) {
    peak = Math.max(peak, peakMebibytes(child.pid))
    await delay(POLL_MS)
  }
  const { ledger } = JSON.parse(await output) as { ledger: { status: string; entries: number } }
  return { ...ledger, mebibytes: peak, seconds: (performance.now() - startMs) / 1_000 }
}

/** The high-water mark that Linux keeps of a process; 0 once it is gone. */
function peakMebibytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) / 1_024
  } catch {
    // It ended between the two looks.
    return 0
  }
}
