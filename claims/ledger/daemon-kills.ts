/**
 * Daemons that settle tasks with one another, each killed at random again and again.
 *
 * By default as often as fits into some minutes; `--count 1000` goes on for at most twenty.
 * There is a pair of daemons for each core, each pair a mesh of its own.
 *
 * @module
 */

import { availableParallelism } from 'node:os'
import { toHex } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import type { PeerId } from '../../core/ids.ts'
import { invariant } from '../../core/invariant.ts'
import { SeededRandom } from '../../core/random.ts'
import { BundleVerifier, type Half } from '../../ledger/index.ts'
import type { JobView } from '../../node/api/schemas/jobs.ts'
import type { LedgerView } from '../../node/api/schemas/ledger.ts'
import type { Status } from '../../node/api/schemas/status.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { ApiProblem } from '../../test/fixtures/api-client.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { delay, until } from '../../test/fixtures/delay.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { type KeptLedger, openKept } from './kept-ledgers.ts'

/** Kills of a run that is not asked for more. */
const KILLS = 60
const MINUTES_MAX = 20
/** Pairs of daemons, one for each core, which wait for one another half of the time; and the most there are. */
const PAIRS_MAX = 10
/** The share of kills that come after a receipt was settled between the two, or so long was waited for one, in ms. */
const WORKED_SHARE = 0.4
const SETTLED_MS_MAX = 3_000
/** A kill comes so long after that, at most, in ms: some before the first task, some after many. */
const LIFE_MS_MAX = 500
/** Time between two jobs, in ms, so that reading ledgers does not take all of the time. */
const PAUSE_MS = 100
/**
 * A ledger is read whole after so many kills, and at the end. A start checks its last 1,024 entries
 * against the tree and the head by itself, which is more than is written in the meantime.
 */
const READ_EVERY = 20
const JOB_MS_MAX = 30_000
/** Of the first pair; the others count on from there. */
const SEED = 5

/** A head that a daemon showed. */
interface Shown {
  readonly size: number
  readonly root: string
}

interface Siege {
  readonly fleet: DaemonFleet
  readonly model: string
  readonly random: SeededRandom
  readonly names: readonly string[]
  /** What each daemon showed, by its name. */
  readonly shown: Map<string, Shown[]>
  readonly problems: string[]
  settled: number
  kills: number
}

export const claim: Claim = {
  sentence:
    'A daemon that is killed while it settles loses nothing that a peer saw, and never forks.',
  goal: `${KILLS} kills (1,000 with --count, ≤ ${MINUTES_MAX} min): no entry lost, no fork, every start verifies`,
  soak: true,
  run: async (context) => {
    const { say, count = KILLS } = context
    const pairs = Math.min(PAIRS_MAX, availableParallelism(), count)
    const shares = Array.from({ length: pairs }, (_, pair) => share(count, pairs, pair))
    // What goes wrong with one pair ends all of them.
    const broken = new AbortController()
    const signal = AbortSignal.any([context.signal, broken.signal])
    const outcomes = await Promise.all(
      shares.map((kills, pair) =>
        besiege({ ...context, signal, count: kills }, pair).catch((error: unknown) => {
          broken.abort(error)
          throw error
        }),
      ),
    )
    const kills = outcomes.reduce((sum, outcome) => sum + outcome.kills, 0)
    const settled = outcomes.reduce((sum, outcome) => sum + outcome.settled, 0)
    const entries = outcomes.reduce((sum, outcome) => sum + outcome.entries, 0)
    const problems = outcomes.flatMap((outcome) => outcome.problems)
    for (const problem of problems.slice(0, 10)) say(problem)
    return {
      met: kills === count && problems.length === 0 && outcomes.every((each) => each.settled > 0),
      figure: `${kills} kills, ${settled} receipts settled, ${entries} entries, ${problems.length} problems`,
      facts: { pairs, kills, settled, entries, problems },
    }
  },
}

/** The part of `count` that one of `pairs` takes. */
function share(count: number, pairs: number, pair: number): number {
  return Math.floor(count / pairs) + (pair < count % pairs ? 1 : 0)
}

interface Outcome {
  readonly kills: number
  readonly settled: number
  readonly entries: number
  readonly problems: readonly string[]
}

/** One pair: works, dies and starts again `count` times, and is read in the end. */
async function besiege(context: ClaimContext, pair: number): Promise<Outcome> {
  const { say, signal, count = KILLS } = context
  await using fleet = new DaemonFleet({ keepsPorts: true })
  const siege = await begin(fleet, SEED + pair)
  const { problems } = siege
  const endMs = performance.now() + MINUTES_MAX * 60_000
  const over = new AbortController()
  const working = siege.names.map((name) => workOn(siege, name, over.signal))
  while (siege.kills < count && performance.now() < endMs && problems.length === 0) {
    signal.throwIfAborted()
    await killOne(siege)
    const { kills, settled } = siege
    if (kills % READ_EVERY === 0) say(`pair ${pair}: ${kills} kills, ${settled} receipts settled`)
  }
  over.abort()
  await Promise.all(working)
  const entries = await readAll(siege, context)
  return { kills: siege.kills, settled: siege.settled, entries, problems }
}

/** Two daemons in one mesh, with a model that takes no time. */
async function begin(fleet: DaemonFleet, seed: number): Promise<Siege> {
  const daemons = await fleet.startMany(2)
  await fleet.formMesh('kills')
  const [first] = daemons
  invariant(first !== undefined, 'there are daemons')
  const { id: model } = await first.api.operate('/v1/models/build', {
    kind: 'mlp',
    name: 'small',
    inputs: 8,
    hidden: [8, 8],
    outputs: 4,
  })
  const names = daemons.map(({ name }) => name)
  const shown = new Map(names.map((name): [string, Shown[]] => [name, []]))
  const random = SeededRandom.fromInteger(seed)
  return { fleet, model, random, names, shown, problems: [], settled: 0, kills: 0 }
}

/** One job after another from one daemon, each with a stage at the other, whatever dies meanwhile. */
async function workOn(siege: Siege, name: string, over: AbortSignal): Promise<void> {
  const input = { x: floats([1, 8]) }
  while (!over.aborted) {
    const daemon = siege.fleet.daemons.find((each) => each.name === name)
    const job = daemon === undefined ? undefined : await jobOn(daemon, siege.model, input)
    siege.settled += job?.settlements.filter(({ state }) => state === 'settled').length ?? 0
    // While one is down there is nobody to work with.
    await delay(job?.state === 'done' ? PAUSE_MS : 100)
  }
}

async function jobOn(
  { api }: TestDaemon,
  model: string,
  input: Record<string, ReturnType<typeof floats>>,
): Promise<JobView | undefined> {
  try {
    const { id } = await api.post<JobView>('/v1/jobs', { model, inputs: [input], stages: 2 })
    return await until('the job ends', JOB_MS_MAX, async () => {
      const view = await api.get<JobView>(`/v1/jobs/${id}`)
      return ['done', 'failed', 'cancelled'].includes(view.state) ? view : undefined
    })
  } catch (error) {
    // The daemon was killed, or its peer was and nobody can take the second stage.
    if (error instanceof ApiProblem || errorCode(error) === undefined) return undefined
    throw error
  }
}

/** Kills one daemon at a random moment, starts it again, and looks at its ledger. */
async function killOne(siege: Siege): Promise<void> {
  const { fleet, random, names } = siege
  const name = names[random.uint32() % names.length]
  const victim = fleet.daemons.find((daemon) => daemon.name === name)
  invariant(name !== undefined && victim !== undefined, 'a daemon that was started is there')
  await fleet.awaitPeers(names.length)
  if (random.fraction() < WORKED_SHARE) await nextSettled(siege)
  await delay(random.fraction() * LIFE_MS_MAX)
  // What others may have seen until now is at least this.
  await look(siege, victim)
  await victim.kill()
  const again = await fleet.start(name)
  await look(siege, again)
  if (++siege.kills % READ_EVERY === 0) await again.api.get<LedgerView>('/v1/ledger')
  if (again.log.includes('ledger goes on after a loss')) {
    siege.problems.push(`${name} started with a loss`)
  }
}

/** Resolves when one more receipt is settled, or after a while without. */
async function nextSettled(siege: Siege): Promise<void> {
  const { settled } = siege
  const endMs = performance.now() + SETTLED_MS_MAX
  while (siege.settled === settled && performance.now() < endMs) await delay(10)
}

/** Notes the head that a daemon shows. */
async function look({ shown, problems }: Siege, { name, api }: TestDaemon): Promise<void> {
  // It asks its peers first whether there is more of it than it has.
  const { size, incarnation, head } = await until('its ledger is open', 60_000, async () => {
    const { ledger } = await api.get<Status>('/v1/status')
    return ledger ?? undefined
  })
  const heads = shown.get(name) ?? []
  const before = heads.at(-1)
  if (head === null || incarnation !== 0) problems.push(`${name} began a new incarnation`)
  else if (before !== undefined && size < before.size) {
    problems.push(`${name} has ${size} entries of ${before.size}`)
  } else if (before?.size !== size) heads.push({ size, root: head.root })
  else if (before.root !== head.root) problems.push(`${name} has two heads of ${size} entries`)
}

/** Stops all, and reads what they left: every head that was shown, every half that the other holds. */
async function readAll(siege: Siege, { say }: ClaimContext): Promise<number> {
  const { fleet, shown, problems } = siege
  const left = fleet.daemons.map(({ name, stateDir, status }) => ({
    name,
    stateDir,
    peer: status.peer as PeerId,
  }))
  await Promise.all(fleet.daemons.map((daemon) => daemon.stop()))
  await using stack = new AsyncDisposableStack()
  const ledgers: KeptLedger[] = []
  for (const { stateDir, peer } of left) ledgers.push(stack.use(await openKept(stateDir, peer)))
  let entries = 0
  for (const [index, ledger] of ledgers.entries()) {
    const { name = '' } = left[index] ?? {}
    const { size } = ledger.head
    entries += size
    for (const head of shown.get(name) ?? []) {
      const root = head.size > size ? '' : toHex(await ledger.reader.rootAt(head.size))
      if (root !== head.root)
        problems.push(`${name} does not have its head of ${head.size} any more`)
    }
    const other = ledgers.find((each) => each !== ledger)
    const own = new Set<string>()
    for await (const half of ledger.halves()) own.add(toHex(half.id))
    const seen = other === undefined ? [] : await halvesSeenBy(other)
    const lost = seen.filter(({ id }) => !own.has(toHex(id)))
    problems.push(...lost.map(({ kind }) => `${name} lost a ${kind} that its peer holds`))
    const problem = await verify(ledger)
    if (problem !== undefined) problems.push(`${name}: ${problem}`)
    say(`${name}: ${size} entries, ${seen.length} of its halves held by its peer`)
  }
  return entries
}

/** The halves of the other party that a device keeps: answers to its own, and orders that it answered. */
async function halvesSeenBy(ledger: KeptLedger): Promise<readonly Half[]> {
  const seen: Half[] = []
  for await (const half of ledger.halves()) {
    seen.push(...(await ledger.reader.answersTo(half.id)))
    if (half.kind !== 'accept') continue
    const order = await ledger.reader.half(half.body.order)
    if (order !== undefined) seen.push(order)
  }
  return seen
}

/** What is wrong with the bundle of a ledger; undefined when nothing is. */
async function verify({ reader }: KeptLedger): Promise<string | undefined> {
  const verifier = new BundleVerifier(nodeCrypto, { signatures: 'all' })
  for await (const item of reader.bundle()) verifier.push(item)
  const { problem } = verifier.finish()
  return problem && `${problem.code} at entry ${problem.seq}`
}

function floats(dims: readonly number[]) {
  const count = dims.reduce((product, size) => product * size, 1)
  const data = Buffer.alloc(4 * count).toString('base64')
  return { type: 'float32' as const, dims: [...dims], data }
}
