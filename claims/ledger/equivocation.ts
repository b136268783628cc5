/**
 * A modified daemon that signs two histories, to all and to one each, beside honest ones that are killed and restored.
 *
 * @module
 */

import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { brume } from '../../test/fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { openLedger, proofsOf, provenBy, putBack, witnessed, writeNotes } from './noted-daemon.ts'

const MODIFIED = 'test/fixtures/lying-daemon-program.ts'
const PROOF_BYTES_MAX = 2_048
/** `brume ledger verify` says so when a fork is proven. */
const FORK_EXIT = 4
const KILLS = 5

interface Scene {
  readonly fleet: DaemonFleet
  readonly folder: string
  readonly say: (text: string) => void
}

interface Found {
  readonly proofs: readonly Uint8Array[]
  readonly exits: readonly (number | null)[]
}

export const claim: Claim = {
  sentence:
    'A daemon that signs two histories is proven a liar by its peers, and no honest one is.',
  goal: `every fork proven by both peers in ≤ ${PROOF_BYTES_MAX} bytes that verify offline, no proof against an honest device`,
  run: async ({ say }) => {
    await using fleet = new DaemonFleet({ keepsPorts: true })
    const folder = mkdtempSync(join(tmpdir(), 'brume-equivocation-'))
    try {
      const scene = { fleet, folder, say }
      await fleet.startMany(2)
      await fleet.start('open-liar', {}, MODIFIED)
      await fleet.start('sly-liar', {}, MODIFIED)
      await fleet.formMesh()
      const honest = await honestRestarts(scene)
      const open = await openFork(scene)
      const sly = await splitView(scene)
      const liars = new Set([open.liar, sly.liar])
      const all = (await Promise.all(fleet.daemons.map(proofsOf))).flat()
      const wrong = all.filter(({ accused }) => !liars.has(accused)).length + honest
      const sizes = [...open.proofs, ...sly.proofs].map(({ length }) => length)
      const exits = [...open.exits, ...sly.exits]
      const proven = exits.length === 4 && exits.every((exit) => exit === FORK_EXIT)
      return {
        met: proven && Math.max(...sizes) <= PROOF_BYTES_MAX && wrong === 0,
        figure:
          `2 forks, each proven by both peers in ${Math.min(...sizes)} to ${Math.max(...sizes)} bytes, ` +
          `brume ledger verify exits with ${[...new Set(exits)].join(' ')}; ${wrong} proofs against honest devices`,
        facts: { sizes, exits, wrong, proofs: all.length },
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

function named({ fleet }: Scene, name: string): TestDaemon {
  const daemon = fleet.daemons.find((each) => each.name === name)
  if (daemon === undefined) throw new Error(`expected ${name} to run`)
  return daemon
}

/** Kills an honest daemon while it writes, and puts it back from a copy; the proofs that come of it. */
async function honestRestarts(scene: Scene): Promise<number> {
  const { fleet, folder, say } = scene
  const copy = join(folder, 'honest')
  await openLedger(named(scene, 'd2'))
  for (let kill = 0; kill < KILLS; kill++) {
    const daemon = named(scene, 'd2')
    await openLedger(daemon)
    const writing = writeNotes(daemon, 100, `life ${kill}`).catch(() => undefined)
    await writeNotes(daemon, 5, 'at least')
    await daemon.kill()
    await writing
    if (kill === 0) cpSync(daemon.stateDir, copy, { recursive: true })
    await fleet.start('d2')
  }
  await openLedger(named(scene, 'd2'))
  await witnessed(named(scene, 'd2'), 2)
  const { stateDir } = named(scene, 'd2')
  await named(scene, 'd2').stop()
  putBack(copy, stateDir)
  await openLedger(await fleet.start('d2'))
  await writeNotes(named(scene, 'd2'), 5, 'restored')
  await witnessed(named(scene, 'd2'), 2)
  const proofs = (await Promise.all(fleet.daemons.map(proofsOf))).flat().length
  say(`an honest daemon was killed ${KILLS} times and put back from a copy: ${proofs} proofs`)
  return proofs
}

/** A liar goes on from an old copy as if nothing had happened, while its peers are there. */
async function openFork(scene: Scene): Promise<Found & { readonly liar: string }> {
  const { fleet, folder, say } = scene
  const copy = join(folder, 'open')
  const first = named(scene, 'open-liar')
  await first.stop()
  cpSync(first.stateDir, copy, { recursive: true })
  const before = await fleet.start('open-liar', {}, MODIFIED)
  await openLedger(before)
  await writeNotes(before, 5, 'one history')
  await witnessed(before, 2)
  await before.stop()
  putBack(copy, first.stateDir)
  const after = await fleet.start('open-liar', {}, MODIFIED)
  await openLedger(after)
  await writeNotes(after, 9, 'another history')
  const found = await foundBy(scene, after.status.peer)
  say(`a fork that it shows to both: ${describe(found)}`)
  await after.stop()
  return { ...found, liar: after.status.peer }
}

/** A liar shows one history to one peer, and another to the other, who never speak while it is there. */
async function splitView(scene: Scene): Promise<Found & { readonly liar: string }> {
  const { fleet, folder, say } = scene
  const copy = join(folder, 'sly')
  const first = named(scene, 'sly-liar')
  const { peer } = first.status
  await first.stop()
  cpSync(first.stateDir, copy, { recursive: true })

  await named(scene, 'd2').stop()
  await tell(scene, 4, 'a history for d1')
  await named(scene, 'd1').stop()
  putBack(copy, first.stateDir)
  await fleet.start('d2')
  await tell(scene, 7, 'a history for d2')
  await fleet.start('d1')
  const found = await foundBy(scene, peer)
  say(`two histories for one peer each: ${describe(found)}`)
  return { ...found, liar: peer }
}

/** The sly liar writes a history, and shows it to whoever is there. */
async function tell({ fleet }: Scene, notes: number, history: string): Promise<void> {
  const liar = await fleet.start('sly-liar', {}, MODIFIED)
  await openLedger(liar)
  await writeNotes(liar, notes, history)
  await witnessed(liar, 1)
  await liar.stop()
}

/** Proofs of both peers, and what `brume ledger verify` makes of them where no daemon is. */
async function foundBy(scene: Scene, accused: string): Promise<Found> {
  const { folder } = scene
  const found = await Promise.all(['d1', 'd2'].map((name) => provenBy(named(scene, name), accused)))
  const exits: (number | null)[] = []
  for (const [index, { proof }] of found.entries()) {
    const file = join(folder, `proof-${index}`)
    writeFileSync(file, proof)
    const { exit } = await brume(join(folder, 'nothing'), ['ledger', 'verify', file])
    exits.push(exit)
  }
  return { proofs: found.map(({ proof }) => proof), exits }
}

function describe({ proofs, exits }: Found): string {
  return `${proofs.map(({ length }) => length).join(' and ')} bytes, verify exits with ${exits.join(' and ')}`
}
