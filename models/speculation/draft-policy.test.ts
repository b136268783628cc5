import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { SeededRandom } from '../../core/random.ts'
import { DraftPolicy } from './draft-policy.ts'
import { scannedDraft } from '../../test/fixtures/scanning-lookup.ts'

const NGRAM_MAX = 3
const DRAFT_MAX = 8

/** A text as tokens: its words and marks, each by the number of its first appearance. */
function tokensOf(text: string): readonly number[] {
  const ids = new Map<string, number>()
  return (
    text.match(/\w+|\s+|[^\w\s]/g)?.map((word) => {
      const known = ids.get(word) ?? ids.size
      ids.set(word, known)
      return known
    }) ?? []
  )
}

/** Words drawn evenly: what no guess is good for, though short matches abound. */
function noise(count: number): readonly number[] {
  const random = SeededRandom.fromInteger(5)
  return Array.from({ length: count }, () => random.uint32() % 60)
}

interface Outcome {
  /** Time of plain passes over that with guesses. */
  readonly speedUp: number
  readonly drafted: number
  readonly passes: number
}

/** Generates `coming` after `prompt`, with guesses; a pass of n guesses takes `msOf(n)`. */
function replay(
  prompt: readonly number[],
  coming: readonly number[],
  msOf: (drafted: number, pass: number) => number,
): Outcome {
  const policy = new DraftPolicy({ draftMax: DRAFT_MAX, ngramMax: NGRAM_MAX })
  const history = [...prompt]
  const total = prompt.length + coming.length
  const whole = [...prompt, ...coming]
  let ms = 0
  let passes = 0
  let drafted = 0
  while (history.length < total) {
    const { tokens, matched } = scannedDraft(Int32Array.from(history), {
      ngramMax: NGRAM_MAX,
      draftMax: DRAFT_MAX,
    })
    const draft = tokens.slice(0, policy.depth(matched))
    const wrong = draft.findIndex((token, at) => token !== whole[history.length + at])
    const accepted = wrong < 0 ? draft.length : wrong
    const pass = { drafted: draft.length, accepted, matched, ms: msOf(draft.length, passes++) }
    policy.observe(pass)
    ms += pass.ms
    drafted += draft.length
    history.push(...whole.slice(history.length, history.length + accepted + 1))
  }
  return { speedUp: (coming.length * msOf(0, 0)) / ms, drafted, passes }
}

/** Eight guesses in a row take 1.8 to 2.7 plain passes on a processor, and hardly more than one over a slow ring. */
const onProcessor = (drafted: number) => 20 * (1 + 0.18 * drafted)
const overSlowRing = (drafted: number) => 200 + 2 * drafted
/** Where a row costs as much as a pass, nothing can be won. */
const perRow = (drafted: number) => 20 * (1 + drafted)

/** A page and the same page with some words changed: what an editor of code or text asks for. */
const page = readFileSync('docs/style.md', 'utf8')
const recorded = tokensOf(
  `${page}\n${page.replaceAll('errors', 'faults').replaceAll('one', 'a single')}`,
)
const half = Math.floor(recorded.length / 2)
const [prompt, edited] = [recorded.slice(0, half), recorded.slice(half)]

describe('the depth of guesses', () => {
  it('makes an edited text faster', () => {
    expect(replay(prompt, edited, onProcessor).speedUp).toBeGreaterThan(2)
    expect(replay(prompt, edited, overSlowRing).speedUp).toBeGreaterThan(4)
  })

  it('costs next to nothing where guesses are wrong', () => {
    for (const msOf of [onProcessor, perRow]) {
      const { speedUp } = replay([], noise(3_000), msOf)
      expect(speedUp).toBeGreaterThan(0.97)
    }
  })

  it('goes to 0 where rows cost as much as passes, however good the guesses', () => {
    const { speedUp, drafted, passes } = replay(prompt, edited, perRow)
    expect(speedUp).toBeGreaterThan(0.97)
    expect(drafted).toBeLessThan(passes / 40 + 2 * DRAFT_MAX)
  })

  it('comes back when passes change', () => {
    const turning = (drafted: number, pass: number) =>
      pass < 400 ? perRow(drafted) : onProcessor(drafted)
    const { passes } = replay(prompt, [...edited, ...edited], turning)
    expect(passes).toBeLessThan(edited.length)
  })

  it('is 0 before a plain pass was timed, and without a match', () => {
    const policy = new DraftPolicy({ draftMax: 4, ngramMax: 2 })
    expect(policy.depth(2)).toBe(0)
    policy.observe({ drafted: 0, accepted: 0, matched: 0, ms: 10 })
    expect(policy.depth(0)).toBe(0)
    expect(policy.depth(2)).toBeGreaterThan(0)
  })

  it('tells short matches from long ones', () => {
    const policy = new DraftPolicy({ draftMax: 4, ngramMax: 2 })
    policy.observe({ drafted: 0, accepted: 0, matched: 0, ms: 10 })
    for (let pass = 0; pass < 60; pass++) {
      policy.observe({ drafted: 1, accepted: 0, matched: 1, ms: 12 })
      policy.observe({ drafted: 4, accepted: 4, matched: 2, ms: 18 })
      policy.observe({ drafted: 0, accepted: 0, matched: 0, ms: 10 })
    }
    expect([policy.depth(1), policy.depth(2), policy.depth(7)]).toEqual([0, 4, 4])
  })

  it('times a plain pass again after many with guesses', () => {
    const policy = new DraftPolicy({ draftMax: 4, ngramMax: 2 })
    policy.observe({ drafted: 0, accepted: 0, matched: 0, ms: 10 })
    let passes = 0
    for (; policy.depth(2) > 0; passes++) {
      policy.observe({ drafted: 4, accepted: 4, matched: 2, ms: 11 })
    }
    expect(passes).toBe(128)
  })
})
