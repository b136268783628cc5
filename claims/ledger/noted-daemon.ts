/**
 * Real daemons whose ledgers are written, witnessed, and put back from copies.
 *
 * @module
 */

import { cpSync, rmSync } from 'node:fs'
import type { EvidenceList, LedgerSummary, LedgerView } from '../../node/api/schemas/ledger.ts'
import type { Status } from '../../node/api/schemas/status.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'
import { until } from '../../test/fixtures/delay.ts'

/** Time in which a ledger opens, and in which a head is signed or a fork is found, in ms. */
const WAIT_MS_MAX = 60_000

/** Writes notes, and resolves when all of them are on the disk. */
export async function writeNotes({ api }: TestDaemon, count: number, word: string): Promise<void> {
  for (let index = 0; index < count; index++) {
    await api.post('/v1/ledger/notes', { text: `${word} ${index}` })
  }
}

/** The ledger, once it may be written. */
export function openLedger({ name, api }: TestDaemon): Promise<LedgerView> {
  return until(`the ledger of ${name} is open`, WAIT_MS_MAX, async () => {
    const { ledger } = await api.get<Status>('/v1/status')
    return ledger === null ? undefined : api.get<LedgerView>('/v1/ledger')
  })
}

/** Resolves once so many witnesses have signed the last head. */
export async function witnessed({ name, api }: TestDaemon, count: number): Promise<void> {
  await until(`${count} witnesses signed the head of ${name}`, WAIT_MS_MAX, async () => {
    const { size } = await api.get<LedgerView>('/v1/ledger')
    const { witnesses } = await api.get<LedgerSummary>('/v1/ledger/summary')
    const signed = witnesses.filter((witness) => witness.size === size).length
    return signed >= count ? true : undefined
  })
}

/** Proofs that a daemon holds. */
export async function proofsOf({ api }: TestDaemon): Promise<EvidenceList['proofs']> {
  const { proofs } = await api.get<EvidenceList>('/v1/ledger/evidence')
  return proofs
}

/** The first proof against `accused` that a daemon holds, once it holds one, and after how long. */
export async function provenBy(
  daemon: TestDaemon,
  accused: string,
): Promise<{ readonly proof: Uint8Array; readonly afterMs: number }> {
  const sinceMs = performance.now()
  const found = await until(`${daemon.name} holds a proof`, WAIT_MS_MAX, async () =>
    (await proofsOf(daemon)).find((proof) => proof.accused === accused),
  )
  return {
    proof: Buffer.from(found.proof, 'base64url'),
    afterMs: performance.now() - sinceMs,
  }
}

/** Puts a copy in the place of a state folder, whose daemon does not run. */
export function putBack(copy: string, stateDir: string): void {
  rmSync(stateDir, { recursive: true })
  cpSync(copy, stateDir, { recursive: true })
}
