import { describe, expect, it } from 'vitest'
import { reportPage } from './report.ts'

const run = (seed: number, violations: readonly string[] = []) => ({
  seed,
  events: 1_000 * seed,
  virtualMs: 5_000,
  traceHash: 'ab'.repeat(32),
  violations,
})

describe('the page about simulations', () => {
  const page = reportPage([
    { name: 'peace', question: 'is it <quiet>?', elapsedMs: 500, runs: [run(1), run(2)] },
    { name: 'war', question: 'and now?', elapsedMs: 1, runs: [run(7, ['a & b'])] },
  ])

  it('shows every scenario with its figures, and how to see a failure again', () => {
    expect(page).toContain('<td>peace</td><td>2</td><td>0</td><td>3,000</td><td>6,000</td>')
    expect(page).toContain('seed 7: a &amp; b')
    expect(page).toContain('npm run sim -- --scenario war --seed 7 --story')
    expect(page.match(/<rect/g)).toHaveLength(3)
    expect(page.match(/<rect class="fails"/g)).toHaveLength(1)
  })

  it('needs nothing else, and shows what it is told as text', () => {
    expect(page).not.toMatch(/src=|href=|url\(|<script/)
    expect(page).toContain('is it &lt;quiet>?')
  })

  it('draws no more bars than there is room for', () => {
    const runs = Array.from({ length: 1_000 }, (_, seed) => run(seed))
    const many = reportPage([{ name: 'many', question: '', elapsedMs: 1, runs }])
    expect(many.match(/<rect/g)?.length).toBeLessThanOrEqual(240)
  })
})
