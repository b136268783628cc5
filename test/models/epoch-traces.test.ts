/**
 * Traces of the model of an epoch, fed to the machine: after each step both are in the same state.
 */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import {
  EpochMachine,
  type EpochInput,
  type EpochMessage,
  type EpochOutput,
} from '../../protocols/epoch/index.ts'
import { nodeCrypto } from '../fixtures/devices.ts'
import { epochContext, proposalBy, testCommittee, voteBy } from '../fixtures/epoch-committee.ts'

const TRACES = 24
const STEPS_MAX = 45
const SEED = 1_811
const QUINT = 'node_modules/@informalsystems/quint/dist/src/cli.js'

const seats = testCommittee(4)
const VALUES = [utf8('value 0'), utf8('value 1')]
const ids = VALUES.map((value) => nodeCrypto.sha256(value))
const names = new Map(ids.map((id, value) => [toHex(id), value]))

/** One clock of a step ends long before the one that begins with a quorum of votes. */
const TIMEOUTS = {
  proposeMs: 10,
  proposeGrowthMs: 0,
  voteMs: 1_000,
  voteGrowthMs: 0,
  repeatMs: 1e12,
}

interface Input {
  readonly seat: number
  readonly what: 'start' | 'vote' | 'proposal' | 'timeout'
  readonly src: number
  readonly k: number
  readonly r: number
  readonly v: number
  readonly vr: number
}

/** What a seat of the model is; sets are lists. */
interface ModelSeat {
  readonly round: number
  readonly decided: number
  readonly votes: readonly Pick<Input, 'src' | 'k' | 'r' | 'v'>[]
}

interface State {
  readonly seats: ReadonlyMap<number, ModelSeat>
  readonly last: Input
}

/** The machine of one seat, whose disk takes everything at once. */
class Seat {
  readonly #machine: EpochMachine
  readonly #number: number
  /** What it signed, as `kind round value`. */
  readonly votes: string[] = []
  #nowMs = 0

  constructor(number: number) {
    this.#number = number
    this.#machine = new EpochMachine({
      ...epochContext,
      committee: seats.committee,
      order: [0, 1, 2, 3],
      seat: number,
      signer: seats.signers[number] as Signer,
      crypto: nodeCrypto,
      timeouts: TIMEOUTS,
      record: undefined,
    })
    this.feed({ type: 'start' })
  }

  get round(): number {
    return this.#machine.round
  }

  get decided(): number {
    const id = this.#machine.decision?.certificate.value
    return id === undefined ? -1 : (names.get(toHex(id)) ?? -2)
  }

  hear(message: EpochMessage): void {
    this.feed({ type: 'message', from: 'peer', message })
  }

  /** The clock of its step runs out. */
  timeOut(): void {
    this.#nowMs = this.#machine.deadlineMs() ?? this.#nowMs
    this.feed({ type: 'time-passed' })
  }

  feed(input: EpochInput | { readonly type: 'time-passed' }): void {
    for (const output of this.#machine.handle(input, this.#nowMs)) this.#perform(output)
  }

  #perform(output: EpochOutput): void {
    switch (output.type) {
      case 'persist':
        return this.feed({ type: 'persisted', token: output.token })
      case 'build': {
        const value = VALUES[this.#number % 2] ?? utf8('')
        return this.feed({ type: 'built', round: output.round, value })
      }
      case 'check':
        return this.feed({
          type: 'checked',
          round: output.round,
          value: output.value,
          valid: true,
        })
      case 'send':
        if (output.message.type === 'vote') this.votes.push(voteText(output.message.vote))
        return
      default:
      // Decisions are read from the machine; evidence against the liar changes no state.
    }
  }
}

function voteText({
  kind,
  round,
  value,
}: {
  readonly kind: string
  readonly round: number
  readonly value: Uint8Array | undefined
}): string {
  return `${kind} ${round} ${value === undefined ? -1 : names.get(toHex(value))}`
}

function messageOf({ what, src, k, r, v, vr }: Input): EpochMessage {
  if (what === 'proposal') {
    const value = VALUES[v] ?? utf8('')
    const proposed = { round: r, value, validRound: vr === -1 ? undefined : vr }
    return { type: 'proposal', proposal: proposalBy(seats, src, proposed) }
  }
  const ballot = { kind: kindOf(k), round: r, value: ids[v] }
  return { type: 'vote', vote: voteBy(seats, src, ballot) }
}

function kindOf(k: number): 'prevote' | 'precommit' {
  return k === 0 ? 'prevote' : 'precommit'
}

/** Where machine and model differ; undefined when they agree after every step. */
function difference(states: readonly State[]): string | undefined {
  const machines = new Map(
    [...(states[0]?.seats.keys() ?? [])].map((seat) => [seat, new Seat(seat)]),
  )
  for (const [step, { last, seats: model }] of states.entries()) {
    const moved = machines.get(last.seat)
    if (last.what === 'timeout') moved?.timeOut()
    else if (last.what !== 'start') moved?.hear(messageOf(last))
    for (const [seat, machine] of machines) {
      const is = shown(machine.round, machine.decided, machine.votes)
      const { round, decided, votes } = model.get(seat) as ModelSeat
      const own = votes.filter(({ src }) => src === seat)
      const expected = shown(
        round,
        decided,
        own.map(({ k, r, v }) => `${kindOf(k)} ${r} ${v}`),
      )
      if (is !== expected) {
        return `step ${step}, ${JSON.stringify(last)}: seat ${seat} is ${is}, the model says ${expected}`
      }
    }
  }
  return undefined
}

function shown(round: number, decided: number, votes: readonly string[]): string {
  return `round ${round}, decided ${decided}, ${votes.toSorted().join(', ')}`
}

/** Values of the Informal Trace Format, as plain ones: maps as maps, sets as lists. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  if ('#bigint' in value) return Number(value['#bigint'])
  if ('#set' in value) return plain(value['#set'])
  if ('#map' in value)
    return new Map(plain(value['#map']) as readonly (readonly [unknown, unknown])[])
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, plain(field)]))
}

/** Fields by the last part of their name: the model says which instance they are of. */
function stateOf(raw: unknown): State {
  const fields = plain(raw) as Readonly<Record<string, unknown>>
  const short = Object.entries(fields).map(([name, field]) => [name.split('::').at(-1), field])
  return Object.fromEntries(short) as State
}

describe('the model of an epoch', () => {
  const folder = mkdtempSync(join(tmpdir(), 'brume-quint-'))
  let run: ReturnType<typeof spawnSync>

  beforeAll(() => {
    const words = ['run', '--backend=typescript', '--main=locking', '--invariant=safe']
    const count = [`--max-samples=${TRACES}`, `--n-traces=${TRACES}`, `--max-steps=${STEPS_MAX}`]
    const out = [`--seed=${SEED}`, `--out-itf=${join(folder, '{seq}.itf.json')}`, '--verbosity=1']
    const file = 'test/models/epoch.qnt'
    run = spawnSync(process.execPath, [QUINT, ...words, ...count, ...out, file], {
      encoding: 'utf8',
    })
  }, 120_000)

  afterAll(() => rmSync(folder, { recursive: true }))

  it('holds: agreement, no double vote, and an answer to every change of mind', () => {
    expect(`${String(run.stdout)}${String(run.stderr)}`).toContain('[ok] No violation found')
    expect(run.status).toBe(0)
  })

  it('does what the machine does, step by step', () => {
    const files = readdirSync(folder)
    expect(files).toHaveLength(TRACES)
    const traces = files.map((file) => {
      const { states } = JSON.parse(readFileSync(join(folder, file), 'utf8')) as {
        readonly states: readonly unknown[]
      }
      return states.map(stateOf)
    })
    expect(traces.map(difference).filter((text) => text !== undefined)).toEqual([])
    const steps = traces.reduce((sum, { length }) => sum + length, 0)
    expect(steps).toBeGreaterThan(TRACES * 20)
    const decided = traces.filter((states) =>
      [...(states.at(-1)?.seats.values() ?? [])].some((seat) => seat.decided !== -1),
    )
    expect(decided.length).toBeGreaterThan(0)
  })
})
