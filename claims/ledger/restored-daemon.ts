/**
 * A real daemon whose state folder is put back from an old copy, with its peers there and without.
 *
 * @module
 */

import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brume } from '../../test/fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { delay } from '../../test/fixtures/delay.ts'
import { openLedger, proofsOf, putBack, witnessed, writeNotes } from './noted-daemon.ts'

const NOTES = 40
const WITNESSES = 2
/** A head is signed first, and the entries under it are fetched at once. */
const FETCH_MS = 1_500

export interface RestoredDaemon {
  /** Entries before the copy was put back, and those that were there again. */
  readonly entries: number
  readonly back: number
  /** Entries of the copy, to which only the rollover came when nobody was there. */
  readonly copied: number
  readonly alone: number
  readonly incarnations: readonly number[]
  /** Exit codes of `brume ledger verify` on what it exports afterwards. */
  readonly exits: readonly (number | null)[]
  /** Verdict of an audit by a peer, at the end. */
  readonly audit: number | null
  /** Proofs that anybody holds against anybody. */
  readonly proofs: number
}

export async function restoredDaemon(say: (text: string) => void): Promise<RestoredDaemon> {
  await using fleet = new DaemonFleet({ keepsPorts: true })
  await fleet.startMany(WITNESSES + 1)
  await fleet.formMesh()
  const [device, ...peers] = fleet.daemons as [TestDaemon, ...TestDaemon[]]
  const folder = mkdtempSync(join(tmpdir(), 'brume-restored-'))
  const copy = join(folder, 'copy')
  try {
    await openLedger(device)
    await writeNotes(device, NOTES, 'in the copy')
    const copied = (await openLedger(device)).size
    await device.stop()
    cpSync(device.stateDir, copy, { recursive: true })

    const later = await fleet.start(device.name)
    await openLedger(later)
    await writeNotes(later, NOTES, 'after the copy')
    await witnessed(later, WITNESSES)
    await delay(FETCH_MS)
    const entries = (await openLedger(later)).size
    await later.stop()

    putBack(copy, device.stateDir)
    const again = await fleet.start(device.name)
    const back = await openLedger(again)
    say(`with peers: ${back.size} entries of ${entries}, and one that begins a new incarnation`)
    const firstExit = await verified(again, join(folder, 'first'))
    await again.stop()

    for (const peer of peers) await peer.stop()
    putBack(copy, device.stateDir)
    const lonely = await fleet.start(device.name)
    const alone = await openLedger(lonely)
    say(`without peers: ${alone.size} entries of the copy's ${copied}, and the rollover among them`)
    await writeNotes(lonely, 3, 'alone')
    const secondExit = await verified(lonely, join(folder, 'second'))
    const returned = await Promise.all(peers.map(({ name }) => fleet.start(name)))
    await witnessed(lonely, WITNESSES)
    await delay(FETCH_MS)
    const all = [lonely, ...returned]
    const proofs = (await Promise.all(all.map(proofsOf))).flat().length
    const { exit: audit } = await brume((returned[0] ?? lonely).stateDir, [
      'ledger',
      'audit',
      lonely.status.peer,
    ])
    say(`its peers sign its heads again, and hold ${proofs} proofs against anybody`)
    return {
      entries,
      back: back.size - 1,
      copied,
      alone: alone.size - 1,
      incarnations: [back.incarnation, alone.incarnation],
      exits: [firstExit, secondExit],
      audit,
      proofs,
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Exports the ledger, and verifies the file. */
async function verified({ stateDir }: TestDaemon, file: string): Promise<number | null> {
  await brume(stateDir, ['ledger', 'export', '--out', file])
  const { exit } = await brume(stateDir, ['ledger', 'verify', file])
  return exit
}
