/**
 * More texts at once than one device runs together go to others that may hold the stages as well.
 *
 * @module
 */

import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { addNovelist, endingOf, writeText } from './written-text.ts'

const DAEMONS = 4
const TEXTS = 24
const TOKENS = 48
/** Devices that have to be at work: more than the two that hold the stages of the first text. */
const DEVICES_MIN = 3

export const claim: Claim = {
  sentence:
    'Many texts at once spread over the devices of a mesh, and each says what it says alone.',
  goal: `${TEXTS} of ${TEXTS} texts equal, at least ${DEVICES_MIN} devices at work`,
  run: async ({ say }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('many')
    const { id: model } = await addNovelist(requester)
    const spec = (text: number): TextSpec => ({
      model,
      prompt: 'Emma was',
      tokensMax: TOKENS,
      stages: 2,
      objective: 'throughput',
      ignoreStopTokens: true,
      sampling: { temperature: 0.9, seed: text % 4 },
    })
    const alone: string[] = []
    for (let seed = 0; seed < 4; seed++) alone.push((await writeText(requester, spec(seed))).trace)
    const texts = await Promise.all(
      Array.from({ length: TEXTS }, (_, text) => writeText(requester, spec(text))),
    )
    for (const text of texts) if (text.view.state !== 'done') say(endingOf(text))
    const equal = texts.filter(({ trace }, text) => trace === alone[text % 4]).length
    const counts = new Map<string, number>()
    for (const { name } of texts.flatMap(({ view }) => view.stages)) {
      counts.set(name, (counts.get(name) ?? 0) + 1)
    }
    say([...counts].map(([name, count]) => `${name}: ${count} stages`).join(', '))
    return {
      met: equal === TEXTS && counts.size >= DEVICES_MIN,
      figure: `${equal} of ${TEXTS} texts equal, ${counts.size} devices at work`,
      facts: { equal, devices: Object.fromEntries(counts) },
    }
  },
}
