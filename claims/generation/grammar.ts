/**
 * A hundred texts that a schema or a grammar guides, in each of which a stage is killed at a random token.
 *
 * @module
 */

import { SeededRandom } from '../../core/random.ts'
import type { TextSpec } from '../../node/api/schemas/texts.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { killNow } from '../../test/fixtures/processes.ts'
import type { Claim, ClaimContext } from '../claim.ts'
import { addNovelist, endingOf, holders, writeText } from './written-text.ts'

const TEXTS = 100
const DAEMONS = 4
const TOKENS_MAX = 400
const SEED = 29
/** Every second kill hits the stage that draws: what is allowed next is lost with it. */
const LAST_SHARE = 0.5

/** What guides a text, and whether an answer is what it has to be. */
interface Form {
  readonly name: string
  readonly guide: Pick<TextSpec, 'schema' | 'grammar'>
  readonly fits: (answer: string) => boolean
}

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 16 },
    age: { type: 'integer', minimum: 16, maximum: 90 },
    kind: { enum: ['heroine', 'suitor', 'aunt'] },
  },
  required: ['name', 'age', 'kind'],
  additionalProperties: false,
}

const FORMS: readonly Form[] = [
  { name: 'person', guide: { schema: person }, fits: (answer) => isPerson(JSON.parse(answer)) },
  {
    name: 'guests',
    guide: { schema: { type: 'array', items: person, minItems: 1, maxItems: 2 } },
    fits: (answer) => (JSON.parse(answer) as unknown[]).every(isPerson),
  },
  {
    name: 'verdict',
    guide: {
      grammar:
        'root ::= "He was " adjective (" and " adjective){1,3} "."\nadjective ::= [a-z]{3,9}',
    },
    fits: (answer) => /^He was [a-z]{3,9}(?: and [a-z]{3,9}){1,3}\.$/.test(answer),
  },
]

function isPerson(value: unknown): boolean {
  const { name, age, kind, ...rest } = value as Record<string, unknown>
  return (
    typeof name === 'string' &&
    Number.isInteger(age) &&
    (age as number) >= 16 &&
    (age as number) <= 90 &&
    person.properties.kind.enum.includes(kind as string) &&
    Object.keys(rest).length === 0
  )
}

function fits(form: Form, answer: string): boolean {
  try {
    return form.fits(answer)
  } catch {
    // What does not even parse is the answer that this claim is about.
    return false
  }
}

interface Scene {
  readonly fleet: DaemonFleet
  readonly requester: TestDaemon
  readonly model: string
  readonly random: SeededRandom
}

interface Outcome {
  readonly fits: boolean
  readonly equal: boolean
  readonly struck: boolean
  readonly what: string
}

/** The same text undisturbed on one device, then on several, of which one is hit. */
async function attempt(
  { fleet, requester, model, random }: Scene,
  form: Form,
  seed: number,
): Promise<Outcome> {
  const spec: TextSpec = {
    model,
    prompt: 'It is a truth universally acknowledged, that',
    tokensMax: TOKENS_MAX,
    sampling: { temperature: 0.8, topP: 0.95, seed },
    ...form.guide,
  }
  const whole = await writeText(requester, { ...spec, stages: 1 })
  const stages = 2 + (random.uint32() % 2)
  const victim = random.fraction() < LAST_SHARE ? stages - 1 : random.uint32() % stages
  const at = 1 + (random.uint32() % Math.max(1, whole.tokens.length - 2))
  let left = true
  const text = await writeText(requester, { ...spec, stages }, async (count) => {
    if (!left || count < at) return
    left = false
    const holder = (await holders(fleet, requester))[victim]
    for (const pid of holder?.executorPids() ?? []) killNow(pid)
  })
  const { view } = text
  return {
    fits: view.finish === 'stop' && fits(form, view.text),
    equal: view.state === 'done' && view.text === whole.view.text && text.trace === whole.trace,
    struck: view.recoveries.length > 0,
    what: `${form.name}, seed ${seed}, stage ${victim} of ${stages} at ${at}: ${endingOf(text)}: ${view.text}`,
  }
}

async function writeAll(scene: Scene, { say, signal }: ClaimContext) {
  const counts = { fits: 0, equal: 0, struck: 0 }
  for (let run = 0; run < TEXTS && !signal.aborted; run++) {
    const form = FORMS[run % FORMS.length] as Form
    const outcome = await attempt(scene, form, run)
    if (outcome.fits) counts.fits++
    if (outcome.equal) counts.equal++
    if (outcome.struck) counts.struck++
    if (!outcome.fits || !outcome.equal) say(`WRONG: ${outcome.what}`)
    else if (run < FORMS.length) say(outcome.what)
    if ((run + 1) % 20 === 0) say(`${run + 1} texts, ${counts.fits} fit, ${counts.equal} equal`)
  }
  return counts
}

export const claim: Claim = {
  sentence:
    'An answer fits the schema or grammar that it was asked for with, in the same words whatever stage dies.',
  goal: `${TEXTS} of ${TEXTS} fit and equal the undisturbed text`,
  run: async (context) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(DAEMONS)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh('grammar')
    const { id: model } = await addNovelist(requester)
    context.say(`${DAEMONS} daemons, 2 or 3 stages, a kill in each text; seed ${SEED}`)
    const random = SeededRandom.fromInteger(SEED)
    const counts = await writeAll({ fleet, requester, model, random }, context)
    return {
      met: counts.fits === TEXTS && counts.equal === TEXTS,
      figure: `${counts.fits} of ${TEXTS} fit, ${counts.equal} equal, ${counts.struck} struck in time`,
      facts: counts,
    }
  },
}
