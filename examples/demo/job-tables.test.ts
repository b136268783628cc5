import { describe, expect, it } from 'vitest'
import { invariant } from '../../core/invariant.ts'
import { job, PEER, plan } from '../../test/fixtures/backend.ts'
import { hopLines, planLines, stageLines } from './job-tables.ts'

const labelOf = (peer: string): string => (peer === PEER ? 'A' : '?')

describe('planLines', () => {
  it('shows where each stage is to run, the prediction, and what the planner says', () => {
    expect(planLines(plan, labelOf)).toEqual([
      'where         device  layers  weights  to fetch  passes on  predicted',
      'stage 1 of 2  A          0–1   2.0 kB       0 B       64 B     1.5 ms',
      'stage 2 of 2  A          2–2   2.0 kB       0 B       64 B     1.5 ms',
      'predicted 4.0 ms an input, 500 inputs a second with several under way',
      'one device would be faster: 2 ms instead of 4 ms',
    ])
  })

  it('counts tokens for a model that generates', () => {
    expect(planLines({ ...plan, unit: 'token' }, labelOf)).toContain(
      'predicted 4.0 ms a token, 250 tokens a second',
    )
  })

  it('names copies where there are several', () => {
    const [stage] = plan.stages
    invariant(stage !== undefined, 'the plan has stages')
    const stages = [stage, { ...stage, replica: 1 }]
    const lines = planLines({ ...plan, replicas: 2, stages }, labelOf)
    expect(lines.slice(1, 3).map((line) => line.slice(0, 8).trimEnd())).toEqual([
      'copy 1',
      'copy 2',
    ])
  })
})

describe('stageLines', () => {
  it('shows what each stage did, and leaves open what was not measured', () => {
    const [first, second] = job.stages
    invariant(first !== undefined && second !== undefined, 'the job has two stages')
    const { computeMs: _, ...unmeasured } = second
    expect(stageLines({ ...job, stages: [first, unmeasured] }, labelOf)).toEqual([
      'where         device  layers  inputs  computing  passing on  bytes out',
      'stage 1 of 2  A          0–1       1     1.4 ms      0.6 ms        8 B',
      'stage 2 of 2  A          2–2       1          –      0.6 ms        8 B',
    ])
  })
})

describe('hopLines', () => {
  it('counts stages from one', () => {
    expect(hopLines(job)).toEqual([
      'hop                  bytes  median  95 of 100',
      'requester → stage 1    8 B  0.3 ms     0.4 ms',
    ])
  })
})
