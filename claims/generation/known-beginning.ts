/**
 * What a chat gains whose next turn begins with all that was said before.
 *
 * The same turn is asked by two devices: by the one that asked the turns before, whose stages know
 * them, and by one that asks for the first time, for whom they are run. Both must say the same.
 *
 * Where the cut rounds, what is said depends on where it is, and others may cut elsewhere: there the same
 * device asks the same twice.
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

/** Where a text was cut. */
function cutsOf({ view }: WrittenText): string {
  return view.stages
    .slice(1)
    .map(({ fromLayer }) => fromLayer)
    .join()
}

/** Writes the same twice, of which the second time something is known: whether both say the same. */
async function twice(daemon: TestDaemon, spec: TextSpec) {
  const [cold, warm] = [await write(daemon, spec), await write(daemon, spec)]
  const isKnown = cold.view.cachedTokens === 0 && warm.view.cachedTokens > 0
  const sameCuts = cutsOf(cold) === cutsOf(warm)
  return {
    same: isKnown && sameCuts && cold.trace === warm.trace,
    text: `${warm.view.cachedTokens} tokens known behind a cut that rounds, at ${cutsOf(cold)} and ${cutsOf(warm)}`,
  }
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
    let equalRounded = 0
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
        wire: 'f32' as const,
      }
      const history = `Part ${round}. ${STORY.repeat(SENTENCES)}`
      const first = await write(requester, { ...spec, prompt: history })
      const prompt = `${history}${first.view.text} And then`
      const next = await write(requester, { ...spec, prompt })
      const anew = await write(stranger, { ...spec, prompt })
      if (round === 0) continue
      const behindRounding = await twice(requester, {
        ...spec,
        wire: 'f16',
        prompt: `Chapter ${round}. ${prompt}`,
      })
      equalRounded += Number(behindRounding.same)
      say(behindRounding.text)
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
      met: equal === ROUNDS && equalRounded === ROUNDS && known > 0 && share <= SHARE_MAX,
      figure: `${equal} of ${ROUNDS} turns equal, ${equalRounded} of ${ROUNDS} behind a cut that rounds; first token after ${(100 * share).toFixed(0)} % of the time`,
      facts: { shares, equal, equalRounded, known },
    }
  },
}
