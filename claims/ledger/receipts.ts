/**
 * Jobs and texts over four daemons, whose receipts are then looked for in the ledgers they left behind.
 *
 * @module
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import type { JobView, Settlement } from '../../node/api/schemas/jobs.ts'
import type { TextView } from '../../node/api/schemas/texts.ts'
import { brume } from '../../test/fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { addNetwork } from '../../test/fixtures/sample-models.ts'
import type { Claim } from '../claim.ts'
import { type KeptLedger, openKept, taskOf } from './kept-ledgers.ts'

const DAEMONS = 4
/** Longer than a chunk of a stream: each stage is settled in the middle of it. */
const TOKENS = 1_200

/** A daemon that has ended. */
interface Left {
  readonly stateDir: string
  readonly peer: PeerId
}

/** A receipt, and who ordered it. */
interface Ordered extends Settlement {
  readonly requester: string
}

export const claim: Claim = {
  sentence:
    'Every stage that works for another device has a receipt in both ledgers, which verify offline.',
  goal: 'all receipts settled, in both ledgers, proven by both parties; every ledger ok without a daemon',
  run: async ({ say }) => {
    await using fleet = new DaemonFleet()
    const daemons = await fleet.startMany(DAEMONS)
    await fleet.formMesh('receipts')
    const ordered = await work(daemons, say)
    const proofs = await proveAll(daemons, ordered)
    say(`${proofs.proven} of ${2 * ordered.length} proofs of one receipt hold without a daemon`)
    const left = daemons.map(({ stateDir, status }) => ({ stateDir, peer: status.peer as PeerId }))
    await Promise.all(daemons.map((daemon) => daemon.stop()))
    const problems = [...unsettled(ordered), ...proofs.told, ...(await missing(ordered, left))]
    const { verified, told } = await verifyAll(left, say)
    problems.push(...told)
    for (const problem of problems.slice(0, 10)) say(problem)
    const streams = ordered.filter(({ megaflops }) => megaflops > 0).length
    return {
      met: problems.length === 0 && ordered.length > 0,
      figure: `${ordered.length} receipts in both ledgers, ${proofs.proven} of ${2 * ordered.length} proofs hold, ${verified} of ${DAEMONS} ledgers ok offline`,
      facts: { receipts: ordered.length, withWork: streams, verified, problems },
    }
  },
}

/** Jobs of one input and of several, copies of a pipeline, and a text that is settled while it goes on. */
async function work(
  [first, second]: readonly TestDaemon[],
  say: (text: string) => void,
): Promise<readonly Ordered[]> {
  invariant(first !== undefined && second !== undefined, 'there are daemons')
  const network = await addNetwork(first.api, 'rec')
  const inputs = Array.from({ length: 6 }, (_, seed) => network.input(seed))
  const spec = { model: network.id, wire: 'f32' as const }
  const one = await first.api.runJob({ ...spec, inputs: inputs.slice(0, 1), stages: 3 })
  const several = await first.api.runJob({ ...spec, inputs, stages: 2, replicas: 2 })
  const other = await second.api.runJob({ ...spec, inputs: inputs.slice(0, 2), stages: 3 })
  const { id: model } = await first.api.operate('/v1/models/build', {
    kind: 'decoder',
    name: 'long',
    layers: 6,
    hidden: 64,
    vocabulary: 200,
    positionsMax: 2_048,
    past: 'cache',
    seed: 5,
  })
  const text = await first.api.write({
    model,
    promptTokens: [1, 2, 3],
    tokensMax: TOKENS,
    stages: 3,
    wire: 'f32',
    ignoreStopTokens: true,
    sampling: { seed: 9 },
  })
  const of = (view: JobView | TextView, requester: TestDaemon): readonly Ordered[] => {
    say(`${view.modelName} ${view.state}: ${view.settlements.length} receipts`)
    return view.settlements.map((each) => ({ ...each, requester: requester.status.peer }))
  }
  return [...of(one, first), ...of(several, first), ...of(other, second), ...of(text, first)]
}

function unsettled(ordered: readonly Ordered[]): readonly string[] {
  return ordered
    .filter(({ state }) => state !== 'settled')
    .map(({ id, state }) => `receipt ${id} is ${state}`)
}

/** Has both parties prove each receipt by a file, which the command line checks without a daemon. */
async function proveAll(
  daemons: readonly TestDaemon[],
  ordered: readonly Ordered[],
): Promise<{ readonly proven: number; readonly told: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'brume-proofs-'))
  const told: string[] = []
  let proven = 0
  try {
    const pairs = ordered.flatMap(({ id, peer, requester }) =>
      daemons
        .filter(({ status }) => status.peer === peer || status.peer === requester)
        .map((daemon) => ({ id, daemon })),
    )
    for (const { id, daemon } of pairs) {
      const { stateDir, status } = daemon
      const file = join(folder, `${id}-${status.peer}`)
      const made = await brume(stateDir, ['ledger', 'prove', '--task', id, '--out', file])
      const { exit } = made.exit === 0 ? await brume(folder, ['ledger', 'verify', file]) : made
      if (exit === 0) proven++
      else told.push(`no proof of receipt ${id} by ${status.name}: exit ${exit}`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return { proven, told }
}

/** Receipts of which a ledger lacks a half that it must have. */
async function missing(
  ordered: readonly Ordered[],
  left: readonly Left[],
): Promise<readonly string[]> {
  const kinds = new Map<string, Set<string>>()
  for (const { stateDir, peer } of left) {
    await using kept = await openKept(stateDir, peer)
    for await (const half of kept.halves()) {
      const key = `${taskOf(half)}/${peer}`
      kinds.set(key, (kinds.get(key) ?? new Set()).add(half.kind))
    }
  }
  return ordered.flatMap(({ id, peer, requester }) => {
    const expected = [
      [requester, 'order'],
      [peer, 'accept'],
      [peer, 'result'],
      [requester, 'settle'],
    ] as const
    return expected.flatMap(([author, kind]) =>
      kinds.get(`${id}/${author}`)?.has(kind) === true ? [] : [`no ${kind} of receipt ${id}`],
    )
  })
}

/** Has each ledger checked as a stranger does: a file, and the command line without a daemon. */
async function verifyAll(
  left: readonly Left[],
  say: (text: string) => void,
): Promise<{ readonly verified: number; readonly told: readonly string[] }> {
  const folder = mkdtempSync(join(tmpdir(), 'brume-receipts-'))
  const told: string[] = []
  let verified = 0
  try {
    for (const [index, { stateDir, peer }] of left.entries()) {
      await using kept: KeptLedger = await openKept(stateDir, peer)
      const file = join(folder, `${index}.ledger`)
      await kept.writeBundle(file)
      const { exit, stdout } = await brume(folder, ['ledger', 'verify', file, '--mesh', kept.mesh])
      const receipts = /^receipts .*$/m.exec(stdout)?.[0] ?? 'no receipts'
      say(`ledger ${index + 1}: ${kept.head.size} entries, ${receipts}`)
      if (exit === 0 && receipts.endsWith(', 0 unmatched')) verified++
      else told.push(`ledger ${index + 1}: exit ${exit}, ${receipts}`)
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
  return { verified, told }
}
