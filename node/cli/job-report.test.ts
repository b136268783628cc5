import { expect, it } from 'vitest'
import { invariant } from '../../core/invariant.ts'
import { job, output } from '../../test/fixtures/backend.ts'
import { jobReport } from './job-report.ts'

it('shows results with their values, where each stage ran, hops, losses and receipts', () => {
  expect(jobReport(job, { outputs: [[output]], width: 70 })).toEqual([
    'job cdcdcdcdcdcd tiny done in 1 s · 1 input · 2 stages · wire f32 · 3.9 ms an input (predicted 4 ms)',
    `  output 0  sha256 ${'22'.repeat(32)}  8 B`,
    '    y float32[1,2]  1 2',
    '',
    'stage  device            layers  inputs  compute  transfer   in  out',
    '0      brave-otter-7f3a  0–1          1   1.4 ms    0.6 ms  8 B  8 B',
    '1      brave-otter-7f3a  2–2          1   1.4 ms    0.6 ms  8 B  8 B',
    '',
    'hop                  bytes     p50     p95',
    'requester → stage 0    8 B  0.3 ms  0.4 ms',
    '',
    'recovered stage 1 in 120 ms: brave-otter-7f3a → brave-otter-7f3a (INFERENCE_PEER_LOST)',
    '',
    'receipt                           stage  device            state',
    `${'55'.repeat(16)}  0      brave-otter-7f3a  settled`,
  ])
})

it('shows the first of many outputs', () => {
  const [one] = job.outputs
  invariant(one !== undefined, 'the job has an output')
  const outputs = Array.from({ length: 1_000 }, (_, input) => ({ ...one, input }))
  const lines = jobReport({
    ...job,
    outputs,
    stages: [],
    hops: [],
    recoveries: [],
    settlements: [],
  })

  expect(lines.slice(10)).toEqual([
    `  output 9  sha256 ${'22'.repeat(32)}  8 B`,
    '  … and 990 more outputs (--json lists all)',
  ])
})

it('tells replicas apart, in order', () => {
  const [stage] = job.stages
  invariant(stage !== undefined, 'the job has stages')
  const [receipt] = job.settlements
  invariant(receipt !== undefined, 'the job has a receipt')
  const stages = [
    { ...stage, replica: 1, name: 'second' },
    { ...stage, name: 'first' },
  ]
  const lines = jobReport({
    ...job,
    stages,
    hops: [],
    recoveries: [],
    settlements: [{ ...receipt, replica: 1 }, receipt],
  })

  expect(lines[0]).toContain('1 stage · 2 replicas')
  expect(lines.slice(2, 6).map((line) => line.slice(0, 22).trimEnd())).toEqual([
    '',
    'replica  stage  device',
    '0        0      first',
    '1        0      second',
  ])
  expect(lines.slice(-3).map((line) => line.slice(0, 16))).toEqual([
    'replica  receipt',
    '0        5555555',
    '1        5555555',
  ])
})
