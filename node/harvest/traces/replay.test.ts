import { describe, expect, it } from 'vitest'
import { policyOf, ScriptedDevice } from '../../../test/fixtures/scripted-device.ts'
import { Governor } from '../governor/governor.ts'
import { BASELINES, GovernorContestant } from './contestant.ts'
import { generateTrace } from './generated-traces.ts'
import { replay } from './replay.ts'
import { parseTrace, traceText } from './trace-format.ts'
import { TracePlayer } from './trace-player.ts'
import { TraceRecorder } from './trace-recorder.ts'

const TICK = { tickMs: 10_000 }
/** Input of one second is told from a lone touch only by ticks that are finer than that takes. */
const FINE_TICK = { tickMs: 5_000 }
const office = generateTrace('office', { days: 1, seed: 1 })
const desktop = policyOf('desktop')

describe('a replayed day', () => {
  it('is the same every time, and the same from its file', () => {
    const once = replay(office, new GovernorContestant(desktop), TICK)
    const fromFile = parseTrace(traceText(office))

    expect(replay(fromFile, new GovernorContestant(desktop), TICK)).toEqual(once)
  })

  it('is another one from another seed', () => {
    expect(generateTrace('office', { days: 1, seed: 2 }).events).not.toEqual(office.events)
  })

  it('never lends more than half beside input or a film, and says why at every second of nothing', () => {
    const { score, hours } = replay(office, new GovernorContestant(desktop), FINE_TICK)

    expect(score).toMatchObject({ inputMinutes: 0, mediaMinutes: 0, unexplainedSeconds: 0 })
    expect(score.harvestedFraction).toBeGreaterThan(0.6)
    expect(score.zeroSeconds).toBeGreaterThan(0)
    expect(hours.length).toBe(24)
    expect(hours[3]).toMatchObject({ inputFraction: 0, mediaFraction: 0, asleepFraction: 0 })
  })

  it.each(Object.entries(BASELINES))('has a row for %s', (_, contestant) => {
    const { score } = replay(office, contestant(), TICK)

    expect(score.harvestedFraction).toBeGreaterThan(0.4)
    expect(score.stops).toBeGreaterThan(0)
    expect(score.zeroSeconds).toBe(0)
  })

  it('has films that BOINC does not notice', () => {
    const boinc = BASELINES['BOINC, not in use']?.() ?? new GovernorContestant(desktop)

    expect(replay(office, boinc, TICK).score.mediaMinutes).toBeGreaterThan(30)
  })

  it('of a laptop lends nothing on the battery', () => {
    const laptop = generateTrace('laptop', { days: 1, seed: 1 })
    const { score } = replay(laptop, new GovernorContestant(policyOf('laptop')), TICK)

    expect(score.batteryMinutes).toBe(0)
    expect(score.stops).toBeGreaterThan(0)
  })
})

describe('what a daemon records', () => {
  it('is replayed to the same decisions', () => {
    const device = new ScriptedDevice(desktop, {
      work: { cpu: 'none', gpu: 'none', interactive: false },
    })
    const recorder = new TraceRecorder({ name: 'test', template: 'desktop' }, device.sample())
    const lines = [recorder.header]
    const decided: string[] = []
    const governor = new Governor(desktop)
    for (let second = 1; second <= 1_200; second++) {
      device.nowMs += 1_000
      device.wallMs += 1_000
      if (second % 400 === 100) device.touch()
      if (second % 400 === 103) device.touch()
      device.set({ media: second > 700 && second < 800 })
      const decision = governor.decide(device.sample())
      decided.push(decision.state)
      lines.push(...recorder.record(device.sample(), decision))
    }

    const player = new TracePlayer(parseTrace(`${lines.join('\n')}\n{"ms":1200000}\n`))
    const replayed: string[] = []
    const again = new Governor(desktop)
    for (let place = player.step(1_000, 0); place; place = player.step(1_000, 0)) {
      replayed.push(again.decide(place.sample).state)
    }

    expect(replayed).toEqual(decided)
    expect(lines.length).toBeLessThan(150)
  })

  it('keeps the gap of a sleep', () => {
    const device = new ScriptedDevice(desktop)
    const recorder = new TraceRecorder({ name: 'test', template: 'desktop' }, device.sample())
    const first = recorder.record(device.sample(), device.tick())
    device.wallMs += 28_800_000

    const lines = recorder.record(device.sample(), device.tick())

    expect(first.length).toBe(2)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ ms: 0, sleptMs: 28_800_000 })
  })
})
