/**
 * Real daemons that agree on epochs while one is killed, the network is cut in two, and one signs two votes.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { spread } from '../../benchmarks/benchmark.ts'
import { invariant } from '../../core/invariant.ts'
import type { TrustView } from '../../node/api/schemas/trust.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { delay, until } from '../../test/fixtures/delay.ts'
import { canSeparate, Namespaces } from '../../test/fixtures/namespaces.ts'
import type { Claim, ClaimContext } from '../claim.ts'

const EPOCH_MS = 5_000
const SIZES = [4, 7]
/** Long enough for all to have a seat, on a machine with more to do. */
const SEATED_MS_MAX = 120_000
const PHASE_MS_MAX = 90_000
const LOOK_EVERY_MS = 250

export const claim: Claim = {
  sentence:
    'Real daemons certify epochs and come to the same scores while one is killed, one signs two votes, and the network is cut in two and heals.',
  goal: 'at 4 and at 7: all scores byte for byte the same, the liar found, no honest device accused',
  run: async (context) => {
    const found: Found[] = []
    for (const size of SIZES) found.push(await runWith(size, context))
    const problems = found.flatMap((one) => one.problems)
    for (const problem of problems) context.say(problem)
    const finality = found.map(
      ({ size, finalityMs }) => `${size}: p50 ${Math.round(finalityMs)} ms`,
    )
    const epochs = found.reduce((sum, one) => sum + one.epochs, 0)
    const cut = canSeparate() ? '' : ', the network was not cut: that takes root'
    return {
      // Without a cut the claim has not been shown.
      met: problems.length === 0 && canSeparate(),
      figure: `${epochs} epochs, final after the cut at ${finality.join(', at ')}, ${problems.length} problems${cut}`,
      facts: { found },
    }
  },
}

interface Found {
  readonly size: number
  readonly epochs: number
  readonly finalityMs: number
  readonly problems: readonly string[]
}

async function runWith(size: number, context: ClaimContext): Promise<Found> {
  const names = Array.from({ length: size }, (_, at) => `d${at + 1}`)
  using spaces = canSeparate() ? new Namespaces(names, Math.ceil(size / 2)) : undefined
  await using siege = new Siege(names, spaces, context)
  await siege.form()
  await siege.killOne()
  await siege.cutInTwo()
  await siege.lie()
  return siege.found()
}

/** One mesh, and what is done to it. */
class Siege implements AsyncDisposable {
  readonly #names: readonly string[]
  readonly #spaces: Namespaces | undefined
  readonly #context: ClaimContext
  readonly #fleet: DaemonFleet
  readonly #problems: string[] = []
  readonly #finalityMs: number[] = []
  #epoch = 0

  constructor(names: readonly string[], spaces: Namespaces | undefined, context: ClaimContext) {
    this.#names = names
    this.#spaces = spaces
    this.#context = context
    this.#fleet = new DaemonFleet({
      env: { BRUME_TRUST_EPOCH_MS: String(EPOCH_MS), BRUME_TELEMETRY_LOG_LEVEL: 'debug' },
      keepsPorts: true,
      ...(spaces === undefined ? {} : { within: (name) => spaces.within(name) }),
    })
  }

  /** The last of them is the liar. */
  get #liar(): string {
    return this.#names.at(-1) ?? ''
  }

  /** All get a seat, and certify. */
  async form(): Promise<void> {
    for (const name of this.#names) await this.#start(name)
    await this.#fleet.formMesh('siege')
    await this.#awaitAll('all are seated', SEATED_MS_MAX, (views) =>
      views.every(({ seats }) => seats.length === this.#names.length),
    )
    await this.#advance('with all of them', 3)
  }

  /** One dies, the others go on, and it catches up. */
  async killOne(): Promise<void> {
    const victim = this.#daemon('d2')
    await victim.kill()
    await this.#advance('with one killed', 2)
    await this.#start('d2')
    await this.#advance('with that one back', 1)
  }

  /** Neither half can certify; both go on together once the cable is in. */
  async cutInTwo(): Promise<void> {
    if (this.#spaces === undefined) return
    const before = await this.#furthest()
    this.#spaces.cut()
    // What was under way when the cable was pulled may still be decided, on either side.
    await delay(4 * EPOCH_MS)
    const here = await this.#views(this.#fleet.daemons.filter(({ name }) => this.#isHere(name)))
    const furthest = Math.max(...here.map(({ epoch }) => epoch ?? 0))
    if (furthest > before + 1) this.#problems.push(`a half of the mesh certified epoch ${furthest}`)
    this.#spaces.heal()
    await this.#advance('after the cut', 2)
  }

  /** One signs two votes in each round: all others find it, and go on. */
  async lie(): Promise<void> {
    const liar = this.#daemon(this.#liar)
    writeFileSync(this.#signal(), '')
    await this.#awaitAll('the liar is found', PHASE_MS_MAX, (views) =>
      views.every(({ scores }) =>
        scores.some(({ peer, faulted }) => faulted && peer === liar.status.peer),
      ),
    )
    await this.#advance('without the liar', 2)
    for (const view of await this.#views(this.#fleet.daemons)) {
      for (const { peer, faulted, name } of view.scores) {
        if (faulted && peer !== liar.status.peer) this.#problems.push(`${name} is accused`)
      }
    }
  }

  found(): Found {
    for (const { log } of this.#fleet.daemons) {
      for (const [, ms] of log.matchAll(/"afterCutMs":(\d+),"event":"epoch decided"/g)) {
        // What was decided while a device was away is followed later.
        if (Number(ms) < EPOCH_MS) this.#finalityMs.push(Number(ms))
      }
    }
    return {
      size: this.#names.length,
      epochs: this.#epoch,
      finalityMs: spread(this.#finalityMs).p50,
      problems: this.#problems,
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#spaces?.heal()
    await this.#fleet[Symbol.asyncDispose]()
  }

  async #start(name: string): Promise<void> {
    const address = this.#spaces?.address(name)
    const there =
      address === undefined
        ? {}
        : {
            BRUME_NETWORK_LISTEN_HOST: address,
            BRUME_API_HOST: address,
            BRUME_API_ALLOW_REMOTE: 'true',
          }
    const lies = name === this.#liar
    const env = lies ? { ...there, EQUIVOCATE_FILE: this.#signal() } : there
    await this.#fleet.start(
      name,
      env,
      lies ? 'test/fixtures/equivocating-daemon-program.ts' : undefined,
    )
  }

  /** The file that makes the liar lie. */
  #signal(): string {
    return join(this.#fleet.folder, 'lie')
  }

  /** True for those that this process reaches when the network is cut. */
  #isHere(name: string): boolean {
    return this.#names.indexOf(name) < Math.ceil(this.#names.length / 2)
  }

  #daemon(name: string): TestDaemon {
    const daemon = this.#fleet.daemons.find((one) => one.name === name)
    invariant(daemon !== undefined, 'the daemon runs')
    return daemon
  }

  #views(daemons: readonly TestDaemon[]): Promise<readonly TrustView[]> {
    return Promise.all(daemons.map(({ api }) => api.get<TrustView>('/v1/trust')))
  }

  async #furthest(): Promise<number> {
    const views = await this.#views(this.#fleet.daemons)
    return Math.max(...views.map(({ epoch }) => epoch ?? 0))
  }

  /** Waits until all that run have certified so many epochs more, and holds their scores beside each other. */
  async #advance(when: string, epochs: number): Promise<void> {
    const goal = (await this.#furthest()) + epochs
    const views = await this.#awaitAll(`epoch ${goal} ${when}`, PHASE_MS_MAX, (all) => {
      const reached = all.every(({ epoch }) => (epoch ?? -1) >= goal)
      return reached && new Set(all.map(({ epoch }) => epoch)).size === 1
    })
    const said = new Set(views.map(saidOfScores))
    if (said.size !== 1) this.#problems.push(`${said.size} headers or scores at once ${when}`)
    this.#epoch = views[0]?.epoch ?? goal
    const mode = views[0]?.mode
    this.#context.say(
      `${this.#names.length} devices, ${when}: epoch ${this.#epoch}, ${mode}, one header, the same scores`,
    )
  }

  async #awaitAll(
    what: string,
    msMax: number,
    holds: (views: readonly TrustView[]) => boolean,
  ): Promise<readonly TrustView[]> {
    return until(what, msMax, async () => {
      this.#context.signal.throwIfAborted()
      const views = await this.#views(this.#fleet.daemons)
      if (holds(views)) return views
      await delay(LOOK_EVERY_MS)
      return undefined
    })
  }
}

/** Header, root and each score with all that is known of it, as one device shows them. */
function saidOfScores({ header, scoresRoot, scores }: TrustView): string {
  // What people call a device is each device's own, and the order is of no matter.
  const all = scores
    .map((score) => JSON.stringify({ ...score, name: '', owner: score.owner.peer }))
    .toSorted((a, b) => (a < b ? -1 : 1))
  return [header, scoresRoot, ...all].join(' ')
}
