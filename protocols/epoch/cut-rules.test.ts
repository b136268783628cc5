import { describe, expect, it } from 'vitest'
import { headerBy, testCommittee } from '../../test/fixtures/epoch-committee.ts'
import { cutProblem, type Inclusion } from './cut-rules.ts'
import type { Header } from './header.ts'

const header = headerBy(testCommittee(4))
const other = new Uint8Array(32)
const whole: Inclusion = { held: 100, included: 100, evidenceLeftOut: 0 }
const at = { round: 0, wallMs: header.cutWallMs, inclusion: whole }

describe('a header', () => {
  it.each<[string, Partial<Header>, string | undefined]>([
    ['as this seat has it', {}, undefined],
    ['of another epoch', { epoch: 10 }, 'EPOCH_MISMATCH'],
    ['of another mesh', { network: other }, 'EPOCH_MISMATCH'],
    ['after another header', { parent: other }, 'EPOCH_PARENT_UNKNOWN'],
    ['for another committee', { afterNext: other }, 'EPOCH_MISMATCH'],
    ['with other scores', { scoresRoot: other }, 'EPOCH_FOLD_MISMATCH'],
    ['with another graph', { graphRoot: other }, 'EPOCH_FOLD_MISMATCH'],
    ['of half a minute ago', { cutWallMs: header.cutWallMs - 30_000 }, undefined],
    ['of a minute ago', { cutWallMs: header.cutWallMs - 60_000 }, 'EPOCH_TIME_INVALID'],
    ['of an hour to come', { cutWallMs: header.cutWallMs + 3_600_000 }, 'EPOCH_TIME_INVALID'],
  ])('%s is judged: %3$s', (_, change, code) => {
    expect(cutProblem({ ...header, ...change }, header, at)).toBe(code)
  })

  it.each([
    [0, 95, undefined],
    [0, 94, 'EPOCH_CUT_CENSORED'],
    [1, 80, undefined],
    [1, 79, 'EPOCH_CUT_CENSORED'],
    [2, 50, undefined],
    [9, 50, undefined],
    [9, 49, 'EPOCH_CUT_CENSORED'],
  ])('in round %i with %i of 100 statements is judged: %3$s', (round, included, code) => {
    const inclusion = { ...whole, included }
    expect(cutProblem(header, header, { ...at, round, inclusion })).toBe(code)
  })

  it('with a polka is judged by what all seats come to alike, and by no clock', () => {
    const late = { ...header, cutWallMs: header.cutWallMs - 3_600_000 }
    expect(cutProblem(late, header, undefined)).toBeUndefined()
    expect(cutProblem({ ...late, scoresRoot: other }, header, undefined)).toBe(
      'EPOCH_FOLD_MISMATCH',
    )
    expect(cutProblem({ ...late, parent: other }, header, undefined)).toBe('EPOCH_PARENT_UNKNOWN')
  })

  it('never leaves evidence out', () => {
    const inclusion = { ...whole, evidenceLeftOut: 1 }
    expect(cutProblem(header, header, { ...at, round: 9, inclusion })).toBe('EPOCH_CUT_CENSORED')
  })
})
