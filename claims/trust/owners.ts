/**
 * Real daemons, two of one owner: they become one domain by two commands, and two again by one.
 *
 * @module
 */

import type { TrustExplanation, TrustView } from '../../node/api/schemas/trust.ts'
import { brume } from '../../test/fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { delay, until } from '../../test/fixtures/delay.ts'
import type { Claim, ClaimContext } from '../claim.ts'

/** A binding holds twelve epochs later. */
const EPOCH_MS = 1_000
const PHASE_MS_MAX = 90_000
const LOOK_EVERY_MS = 200
const TOKENS = 100
const PROMPT = 400
const MODEL = {
  kind: 'decoder',
  name: 'long',
  layers: 8,
  hidden: 384,
  vocabulary: 200,
  positionsMax: 512,
  past: 'cache',
  seed: 5,
} as const

export const claim: Claim = {
  sentence:
    'Two daemons of one owner have one seat and one standing once both have said so, the same in the eyes of all, and nothing from what they do for each other.',
  goal: 'three seats for four devices of three owners, all scores byte for byte the same, no credit between the two, work of both with the owner, four seats again after one has left',
  run: async (context) => {
    await using fleet = new DaemonFleet({ env: { BRUME_TRUST_EPOCH_MS: String(EPOCH_MS) } })
    const household = new HouseholdMesh(fleet, context)
    await household.form()
    await household.bind()
    await household.work()
    await household.part()
    const { problems, facts } = household
    for (const problem of problems) context.say(problem)
    return {
      met: problems.length === 0,
      figure: `${facts.seats} seats for four devices, ${facts.between.toFixed(3)} credits between the two, ${facts.told.toFixed(3)} with others; ${facts.epochs} epochs, ${problems.length} problems`,
      facts: { ...facts, problems },
    }
  },
}

class HouseholdMesh {
  readonly problems: string[] = []
  readonly facts = { seats: 0, between: 0, told: 0, epochs: 0 }
  readonly #fleet: DaemonFleet
  readonly #context: ClaimContext
  #four: readonly TestDaemon[] = []

  constructor(fleet: DaemonFleet, context: ClaimContext) {
    this.#fleet = fleet
    this.#context = context
  }

  /** Four devices, each its own owner: four seats. */
  async form(): Promise<void> {
    this.#four = await this.#fleet.startMany(4)
    await this.#fleet.formMesh('household')
    const [view] = await this.#await('all four have a seat', ({ seats }) => seats.length === 4)
    this.#context.say(`epoch ${view?.epoch}: ${view?.seats.length} seats, mode ${view?.mode}`)
  }

  /** Each says it on its own; the device first. */
  async bind(): Promise<void> {
    const { owner, device } = this
    await this.#command(device, 'join', owner.status.peer)
    await this.#command(owner, 'add', device.status.peer)
    const [view] = await this.#await('the two are one owner', (one) => {
      const score = one.scores.find(({ peer }) => peer === device.status.peer)
      return score?.owner.peer === owner.status.peer && one.seats.length === 3
    })
    this.facts.seats = view?.seats.length ?? 0
    if (view?.seats.some(({ peer }) => peer === device.status.peer) === true) {
      this.problems.push('the device has a seat beside its owner')
    }
    const domains = new Set(view?.scores.map(({ domain }) => domain))
    if (domains.size !== 3) this.problems.push(`${domains.size} domains of three owners`)
    this.#context.say(`epoch ${view?.epoch}: ${view?.seats.length} seats, mode ${view?.mode}`)
  }

  /** One of the two has a text written by all four, then a stranger does. */
  async work(): Promise<void> {
    const { owner, device, stranger } = this
    for (const requester of [device, stranger]) await this.#write(requester)
    const explained = await until('the work is in an epoch', PHASE_MS_MAX, async () => {
      const all = await Promise.all([owner, device].map((one) => this.#explain(owner, one)))
      const roles = new Set(all.flatMap(({ edges }) => edges.map(({ role }) => role)))
      if (roles.size === 2) return all
      await delay(LOOK_EVERY_MS)
      return undefined
    })
    const [ofOwner, ofDevice] = explained as [TrustExplanation, TrustExplanation]
    const own = ofOwner.score.domain
    const sum = (edges: TrustExplanation['edges']): number =>
      edges.reduce((total, { agreedCredits }) => total + agreedCredits, 0)
    this.facts.between = sum(ofOwner.edges.filter(({ domain }) => domain === own))
    this.facts.told = sum(ofOwner.edges)
    if (this.facts.between > 0) this.problems.push('what the two did for each other counts')
    if (sum(ofDevice.edges) !== this.facts.told) this.problems.push('the two have not one standing')
    const theirs = await this.#explain(stranger, stranger)
    const named = new Set(theirs.edges.map(({ peer }) => peer))
    if (named.has(device.status.peer)) this.problems.push('others tell of the device by itself')
    if (!named.has(owner.status.peer)) this.problems.push('others do not tell of the owner')
    for (const { role, peer, agreedCredits } of ofOwner.edges) {
      this.#context.say(`the owner as ${role} with ${this.#nameOf(peer)}: ${agreedCredits} credits`)
    }
    await this.#prove()
  }

  /** One of the two leaves, by its own word. */
  async part(): Promise<void> {
    const { owner, device } = this
    await this.#command(device, 'leave')
    const [view] = await this.#await('the two are two owners again', ({ seats, scores }) => {
      const score = scores.find(({ peer }) => peer === device.status.peer)
      return score?.owner.peer === device.status.peer && seats.length === 4
    })
    this.facts.epochs = view?.epoch ?? 0
    const left = await this.#explain(owner, device)
    const kept = await this.#explain(owner, owner)
    if (left.edges.some(({ agreedCredits }) => agreedCredits > 0)) {
      this.problems.push('the device took work along')
    }
    if (kept.edges.length === 0) this.problems.push('the owner lost its work')
  }

  get owner(): TestDaemon {
    return this.#daemon(1)
  }

  get device(): TestDaemon {
    return this.#daemon(2)
  }

  get stranger(): TestDaemon {
    return this.#daemon(3)
  }

  #daemon(at: number): TestDaemon {
    const daemon = this.#four[at]
    if (daemon === undefined) throw new Error('no such daemon')
    return daemon
  }

  #nameOf(peer: string | undefined): string {
    return this.#four.find(({ status }) => status.peer === peer)?.name ?? 'nobody here'
  }

  async #command(daemon: TestDaemon, ...words: readonly string[]): Promise<void> {
    const { exit, stdout } = await brume(daemon.stateDir, ['trust', 'owner', ...words])
    const last = stdout.trim().split('\n').at(-1) ?? ''
    this.#context.say(`${daemon.name}: brume trust owner ${words[0]}: ${last}`)
    if (exit !== 0) this.problems.push(`brume trust owner ${words[0]} ended with ${exit}`)
  }

  /** A long prompt, so that each stage does some billions of operations: less than one is not worth a credit. */
  async #write({ api, name }: TestDaemon): Promise<void> {
    const { id: model } = await api.operate('/v1/models/build', MODEL)
    const { state, settlements } = await api.write({
      model,
      promptTokens: Array.from({ length: PROMPT }, (_, at) => at % MODEL.vocabulary),
      tokensMax: TOKENS,
      ignoreStopTokens: true,
      stages: this.#four.length,
      objective: 'throughput',
      wire: 'f32',
      sampling: { seed: 9 },
    })
    if (state !== 'done') throw new Error(`expected a text, got one that is ${state}`)
    this.#context.say(`${name} has a text written by ${settlements.length} devices`)
  }

  /** The score of the device, checked by who has nothing but the file and the header. */
  async #prove(): Promise<void> {
    const { device, stranger } = this
    const file = `${this.#fleet.folder}/device.proof`
    const proven = await brume(stranger.stateDir, [
      'trust',
      'prove',
      device.status.peer,
      '--out',
      file,
    ])
    const header = /--header ([0-9a-f]{64})/.exec(proven.stdout)?.[1] ?? ''
    const nowhere = `${this.#fleet.folder}/nothing`
    const checked = await brume(nowhere, ['trust', 'verify', file, '--header', header])
    if (checked.exit !== 0) this.problems.push('the proof of the score of the device does not hold')
  }

  #explain(by: TestDaemon, of: TestDaemon): Promise<TrustExplanation> {
    return by.api.get<TrustExplanation>(`/v1/trust/${of.status.peer}`)
  }

  /** Waits until something holds for all four in one epoch, and holds their scores beside each other. */
  async #await(what: string, holds: (view: TrustView) => boolean): Promise<readonly TrustView[]> {
    const views = await until(what, PHASE_MS_MAX, async () => {
      this.#context.signal.throwIfAborted()
      const all = await Promise.all(this.#four.map(({ api }) => api.get<TrustView>('/v1/trust')))
      const isSame = new Set(all.map(({ epoch }) => epoch)).size === 1
      if (isSame && all.every(holds)) return all
      await delay(LOOK_EVERY_MS)
      return undefined
    })
    const roots = new Set(views.map(({ header, scoresRoot }) => `${header} ${scoresRoot}`))
    if (roots.size !== 1) this.problems.push(`${roots.size} headers at once: ${what}`)
    return views
  }
}
