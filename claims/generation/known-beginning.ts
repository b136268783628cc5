/**
 * What a chat gains whose next turn begins with all that was said before.
 *
 * The same turn is asked by two devices: by the one that asked the turns before, whose stages know
 * them, and by one that asks for the first time, for whom they are run. Both must say the same.
 *
 * @module
 */

import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { addNovelist, addSmolLm2, endingOf, writeText, type WrittenText } from './written-text.ts'

const TOKENS = 24
const ROUNDS = 3

/** Share of the first turn's wait that the next turn may take. */
const SHARE_MAX = 0.5

const STORY = 'The lighthouse keeper went up the stairs, counted the ships, and wrote them down. '
const SENTENCES = 20

async function write(daemon: TestDaemon, spec: TextSpec): Promise<WrittenText> {
  const text = await writeText(daemon, spec)
  if (text.view.state !== 'done') throw new Error(endingOf(text))
  return text
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

export const claim: Claim = {
  sentence:
    'The next turn of a chat does not run what was said before, and says what it would say.',
  goal: `every token and hash equal, first token after ≤ ${100 * SHARE_MAX} % of the time`,
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester, stranger] = await fleet.startMany(2)
    if (requester === undefined || stranger === undefined) throw new Error('no daemon')
    await fleet.formMesh('turns')
    const model = (await addSmolLm2(requester)) ?? (await addNovelist(requester))
    const shares: number[] = []
    let equal = 0
    let known = 0
    // The first round loads and measures what the others use.
    for (let round = 0; round <= ROUNDS && !signal.aborted; round++) {
      const spec = {
        model: model.id,
        tokensMax: TOKENS,
        stages: 2,
        objective: 'throughput' as const,
        speculation: 'off' as const,
        ignoreStopTokens: true,
        sampling: { temperature: 0 },
        // What was rounded is known as well, behind the same cut.
        wire: round % 2 === 0 ? ('f32' as const) : ('f16' as const),
      }
      const history = `Part ${round}. ${STORY.repeat(SENTENCES)}`
      const first = await write(requester, { ...spec, prompt: history })
      const prompt = `${history}${first.view.text} And then`
      const next = await write(requester, { ...spec, prompt })
      const anew = await write(stranger, { ...spec, prompt })
      if (round === 0) continue
      const waited = (text: WrittenText): number => text.view.times.firstTokenMs ?? Number.NaN
      shares.push(waited(next) / waited(anew))
      known += next.view.cachedTokens
      if (next.trace === anew.trace && anew.view.cachedTokens === 0) equal++
      say(
        `${next.view.cachedTokens} of ${next.view.promptTokens} tokens known: first token after ${waited(next).toFixed(0)} ms, anew ${waited(anew).toFixed(0)} ms`,
      )
    }
    const share = median(shares)
    return {
      met: equal === ROUNDS && known > 0 && share <= SHARE_MAX,
      figure: `${equal} of ${ROUNDS} turns equal; first token after ${(100 * share).toFixed(0)} % of the time`,
      facts: { shares, equal, known },
    }
  },
}
