import { describe, expect, it } from 'vitest'
import { job } from '../../test/fixtures/backend.ts'
import type { DemoError } from './errors.ts'
import { expectSameAnswer, type PageRun } from './page-run.ts'

function run(sha256: string, text: string): PageRun {
  const quad = [0, 1, 2, 3].map((x) => ({ x, y: 0 })) as unknown as PageRun['lines'][number]['quad']
  const outputs = [{ input: 0, sha256, bytes: 8 }]
  return {
    lines: [{ text, confidence: 1, quad }],
    networks: [{ network: 'rec', job: { ...job, outputs }, wallMs: 1 }],
    sha256,
    wallMs: 1,
  }
}

function problemOf(before: PageRun, after: PageRun): string {
  try {
    expectSameAnswer(before, after)
    return 'none'
  } catch (error) {
    return `${(error as DemoError).code}: ${(error as DemoError).message}`
  }
}

describe('expectSameAnswer', () => {
  it('takes equal outputs and text', () => {
    expect(problemOf(run('aa', 'hi'), run('aa', 'hi'))).toBe('none')
  })

  it('names the model whose outputs differ', () => {
    expect(problemOf(run('aa', 'hi'), run('ab', 'hi'))).toBe(
      'DEMO_ANSWER_CHANGED: expected equal outputs, got others from tiny',
    )
  })

  it('refuses other text', () => {
    expect(problemOf(run('aa', 'hi'), run('aa', 'ho'))).toBe(
      'DEMO_ANSWER_CHANGED: expected equal outputs, got others from the text',
    )
  })

  it('refuses an answer that has fewer networks', () => {
    const before = run('aa', 'hi')
    expect(problemOf(before, { ...before, networks: [] })).toContain('DEMO_ANSWER_CHANGED')
  })
})
