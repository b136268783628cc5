import { describe, expect, it } from 'vitest'
import { job, text } from '../../test/fixtures/backend.ts'
import { textListLines, textReportLines, textSummaryLines } from './text-report.ts'

describe('what follows a text', () => {
  it('says how quickly it came beside the prediction, where, and who signed for it', () => {
    const { recoveries } = job
    const hops = job.hops.flatMap((hop) => [hop, { ...hop, from: '1', to: '0', p50Ms: 0.5 }])
    expect(textSummaryLines({ ...text, hops, recoveries, finish: 'length' })).toEqual([
      '3 tokens, as many as it may have, after 4 · first after 60 ms · ' +
        '80 tokens a second (predicted 100, 20 % slower) · seed 7',
      '2 stages: brave-otter-7f3a 0–1 → brave-otter-7f3a 2–2',
      'hops 0.3 ms · ring 0.5 ms · wire f32 · exact · 1 receipt · brume text show cdcdcdcdcdcd',
      `receipt ${'55'.repeat(16)} of stage 0 settled`,
      'recovered stage 1 in 120 ms: brave-otter-7f3a → brave-otter-7f3a (INFERENCE_PEER_LOST)',
    ])
  })

  it('says only what is known', () => {
    const lines = textSummaryLines({
      ...text,
      stages: [],
      times: { tokensPerSecond: 80 },
      drafts: { made: 10, right: 4 },
    })
    expect(lines).toEqual(['3 tokens after 4 · 80 tokens a second · 4 of 10 drafts right · seed 7'])
  })
})

it('shows a text with its words, stages, notes and what went wrong', () => {
  const error = {
    type: 'about:blank',
    title: '',
    status: 504,
    code: 'GENERATE_DEADLINE',
    detail: 'too slow',
    hint: '',
    retryable: true,
    component: 'generate',
    exit: 6,
    details: {},
  }
  const lines = textReportLines({ ...text, notes: ['hot'], state: 'failed', error }, 60)

  expect(lines.slice(0, 3)).toEqual([
    'Hello there!',
    '',
    'text cdcdcdcdcdcd tiny failed · 3 tokens after 4 · first after 60 ms · ' +
      '80 tokens a second (predicted 100, 20 % slower) · seed 7',
  ])
  expect(lines[4]).toBe('stage  device            layers  steps  compute  transfer')
  expect(lines.slice(-2)).toEqual(['note: hot', 'error GENERATE_DEADLINE: too slow'])
})

it('lists texts, and says how to get one', () => {
  expect(textListLines([text])).toEqual([
    'text          model  state  tokens  stages  a second  created',
    'cdcdcdcdcdcd  tiny   done        3       2      80.0  2023-11-14T22:13:20.000Z',
  ])
  expect(textListLines([])).toEqual(['no text yet: brume generate MODEL PROMPT'])
})
