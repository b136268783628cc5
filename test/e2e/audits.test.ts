import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolve } from 'node:path'
import type { AuditListView } from '../../node/api/schemas/audits.ts'
import type { TrustExplanation, TrustScoreView, TrustView } from '../../node/api/schemas/trust.ts'
import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import { brume } from '../fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { until } from '../fixtures/delay.ts'

const fleet = new DaemonFleet({ env: { BRUME_TRUST_EPOCH_MS: '1000' } })
const HONEST = ['d1', 'd2', 'd3']
const LIAR = 'liar'

beforeAll(async () => {
  await Promise.all([
    ...HONEST.map((name) => fleet.start(name)),
    fleet.start(LIAR, { CHEAT: 'cached' }, 'test/fixtures/cheating-daemon-program.ts'),
  ])
  await fleet.formMesh()
  // Auditors are drawn from those who had spoken by then.
  await until('all have a score', 20_000, async () => {
    const { scores } = await trustOf(named('d1'))
    return scores.length === fleet.daemons.length ? true : undefined
  })
}, 60_000)

afterAll(() => fleet[Symbol.asyncDispose]())

function named(name: string): TestDaemon {
  const daemon = fleet.daemons.find((one) => one.name === name)
  if (daemon === undefined) throw new Error(`no daemon ${name}`)
  return daemon
}

const trustOf = ({ api }: TestDaemon): Promise<TrustView> => api.get<TrustView>('/v1/trust')

const factorOf = ({ scores }: TrustView, name: string): number | undefined =>
  scores.find(({ peer }: TrustScoreView) => peer === named(name).status.peer)?.auditFactor

/** Has a text written by all of them, and waits until nothing of it is to be audited any more. */
async function writeAndAudit(): Promise<AuditListView> {
  const { api } = named('d1')
  const { id } = await api.operate('/v1/models/import', { file: resolve(NOVELIST_FILE) })
  const view = await api.write({
    model: id,
    prompt: 'Emma was',
    tokensMax: 8,
    sampling: { temperature: 0, seed: 1 },
    stages: fleet.daemons.length,
    objective: 'throughput',
    hashLogits: false,
  })
  expect(view.state).toBe('done')
  return until('all audits have ended', 30_000, async () => {
    const list = await api.get<AuditListView>('/v1/audits')
    return list.pending === 0 && list.audits.length > 0 ? list : undefined
  })
}

describe('a device that gives old answers again', () => {
  it('loses its standing in the score that all certify, and no honest one does', async () => {
    const { audits } = await writeAndAudit()
    const outcomes = new Map(audits.map(({ provider, outcome }) => [provider, outcome]))
    expect(outcomes.get(named(LIAR).status.peer)).toBe('failed')
    const views = await until('all certified it', 20_000, async () => {
      const all = await Promise.all(fleet.daemons.map(trustOf))
      const fallen = all.every((view) => (factorOf(view, LIAR) ?? 1) < 0.05)
      return fallen && new Set(all.map(({ epoch }) => epoch)).size === 1 ? all : undefined
    })
    expect(new Set(views.map(({ scoresRoot }) => scoresRoot)).size).toBe(1)
    for (const view of views) {
      expect(HONEST.map((name) => factorOf(view, name))).toEqual([1, 1, 1])
      expect(view.scores.some(({ faulted }) => faulted)).toBe(false)
    }
  }, 60_000)

  it('is told which audit counts against it, and an honest one which for it', async () => {
    const { peer } = named(LIAR).status
    const { stdout } = await brume(named('d2').stateDir, ['trust', 'explain', peer])
    expect(stdout).toMatch(/^ {2}audits {4}0 passed, 1 failed$/m)
    expect(stdout).toMatch(/^ {2}failed {4}work for \S+, run again by \S+ and \S+, in epoch \d+$/m)
    const { api, status } = named('d3')
    const { audits } = await until('a pass is in an epoch', 10_000, async () => {
      const explained = await api.get<TrustExplanation>(`/v1/trust/${status.peer}`)
      return explained.audits.passed > 0 ? explained : undefined
    })
    expect(audits.failed).toBe(0)
    expect(audits.latest.every(({ passed }) => passed)).toBe(true)
  })
})
