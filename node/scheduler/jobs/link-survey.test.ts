import { expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { ManualClock } from '../../../test/fixtures/manual-clock.ts'
import { LinkSurvey } from './link-survey.ts'
import { LinkTable } from './link-table.ts'

const [self, near, far, gone] = ['self', 'near', 'far', 'gone'] as [PeerId, PeerId, PeerId, PeerId]

/** Devices answer after so long; those of undefined do not. */
function setup(answersMs: ReadonlyMap<PeerId, readonly (number | undefined)[]>) {
  const clock = new ManualClock()
  const links = new LinkTable(self)
  const pings: PeerId[] = []
  const survey = new LinkSurvey({
    clock,
    links,
    ping: async (peer) => {
      const answers = answersMs.get(peer) ?? []
      const ms = answers[pings.filter((asked) => asked === peer).length % answers.length]
      pings.push(peer)
      if (ms === undefined) throw new Error('no answer')
      await clock.sleep(ms, new AbortController().signal)
      return ms
    },
  })
  return { clock, links, pings, survey }
}

it('takes the quicker of two pings, and asks no more of a device that answered', async () => {
  const { clock, links, pings, survey } = setup(new Map([[near, [30, 4]]]))
  const surveyed = survey.survey([near])
  await clock.advance(34)
  await surveyed
  await survey.survey([near])
  expect([links.estimate(near).rttMs, pings.length]).toEqual([4, 2])
})

it('asks nobody of whom frames told', async () => {
  const { links, pings, survey } = setup(new Map())
  links.note({ from: near, to: self, bytes: 48, ms: 3 })
  await survey.survey([near])
  expect(pings).toEqual([])
})

it('waits a little only, and notes an answer that comes later', async () => {
  const { clock, links, pings, survey } = setup(new Map([[far, [400]]]))
  let surveys = 0
  for (const surveyed of [survey.survey([far]), survey.survey([far])])
    void surveyed.then(() => surveys++)
  await clock.advance(299)
  expect(surveys).toBe(0)
  await clock.advance(1)
  expect([surveys, links.knows(far)]).toEqual([2, false])
  await clock.advance(500)
  expect([links.estimate(far).rttMs, pings.length]).toEqual([400, 2])
})

it('leaves one alone for a minute that did not answer', async () => {
  const { clock, pings, survey } = setup(new Map([[gone, [undefined]]]))
  await survey.survey([gone])
  await survey.survey([gone])
  expect(pings.length).toBe(1)
  await clock.advance(60_000)
  await survey.survey([gone])
  expect(pings.length).toBe(2)
})
