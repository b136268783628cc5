import { readFileSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HarvestError } from '../errors.ts'
import { generateTrace } from './generated-traces.ts'
import { lastOf } from './trace.ts'
import { parseTrace, TRACE_LIMITS, traceText } from './trace-format.ts'

const VECTOR = readFileSync('test/vectors/harvest-trace.jsonl', 'utf8')
const HEADER = VECTOR.split('\n')[0] ?? ''

/** What reading `text` comes to: a trace, or the code that refuses it. */
function answerTo(text: string): string {
  try {
    return parseTrace(text).header.name
  } catch (error) {
    if (error instanceof HarvestError) return `${error.code} ${error.message}`
    throw error
  }
}

describe('a trace file', () => {
  it('is read as it was written, decisions left aside', () => {
    expect(parseTrace(VECTOR)).toEqual({
      header: {
        name: 'vector',
        wallMs: 1_767_571_200_000,
        zoneMinutes: 60,
        template: 'laptop',
        plant: { ambientCelsius: 26, riseCelsius: 58, tauMs: 90_000 },
        battery: { capacityWattHours: 55, idleWatts: 7, fullWatts: 45, chargerWatts: 65 },
      },
      events: [
        { atMs: 0, signals: { lastInputAtMs: -3_600_000, media: false } },
        { atMs: 61_000, signals: { media: true }, lost: ['thermal'] },
        { atMs: 90_000, sleptMs: 28_800_000 },
        { atMs: 120_000 },
      ],
      lengthMs: 120_000,
    })
  })

  it.each(['office', 'laptop', 'server'] as const)(
    'of a generated %s is read back whole',
    (name) => {
      const trace = generateTrace(name, { days: 1, seed: 7 })
      const read = parseTrace(traceText(trace))

      expect(read.header).toEqual(trace.header)
      expect(read.lengthMs).toBe(trace.lengthMs)
      expect(read.events.slice(0, trace.events.length)).toEqual(trace.events)
    },
  )

  it('loses only its last line where it was cut off', () => {
    const cut = VECTOR.slice(0, VECTOR.indexOf('"sleptMs"'))

    expect(parseTrace(cut).events.length).toBe(2)
  })

  it('is a trace or refused with a code, wherever it is cut or a bit is flipped', () => {
    const bytes = Buffer.from(VECTOR)
    for (let length = 0; length < bytes.length; length++) {
      expect(answerTo(bytes.subarray(0, length).toString())).toMatch(/^vector$|^HARVEST_TRACE_/)
    }
    for (const [at, byte] of bytes.entries()) {
      for (let bit = 0; bit < 8; bit++) {
        answerTo(bytes.with(at, byte ^ (1 << bit)).toString())
      }
    }
  })

  it.each([
    ['nothing', '', 'line 0 of the trace: expected a header'],
    ['no JSON', 'hello\n', 'line 1 of the trace: expected JSON'],
    ['another version', '{"brumeTrace":2}\n', 'line 1 of the trace: expected a trace of version 1'],
    [
      'time that runs back',
      `${HEADER}\n{"ms":5}\n{"ms":4}\n`,
      'line 3 of the trace: expected ms that grow',
    ],
    ['no number', `${HEADER}\n{"ms":"5"}\n`, 'line 2 of the trace: expected ms that grow'],
    [
      'a signal that is none',
      `${HEADER}\n{"ms":5,"signals":{"__proto__":1,"mood":1}}\n`,
      'line 2 of the trace: expected names of signals',
    ],
    [
      'a value that cannot be',
      `${HEADER}\n{"ms":5,"signals":{"cpu":null}}\n`,
      'line 2 of the trace: expected a value that cpu can have',
    ],
    [
      'a list in place of signals',
      `${HEADER}\n{"ms":5,"signals":[]}\n`,
      'line 2 of the trace: expected signals by name',
    ],
    [
      'years asleep',
      `${HEADER}\n{"ms":5,"sleptMs":1e300}\n`,
      'line 2 of the trace: expected a time asleep',
    ],
  ])('with %s is refused with its line', (_, text, message) => {
    expect(answerTo(text)).toBe(`HARVEST_TRACE_INVALID ${message}`)
  })

  it('that is too large is refused, line by line', () => {
    const long = `${HEADER}\n{"ms":5,"x":"${'a'.repeat(TRACE_LIMITS.LINE_CHARACTERS_MAX)}"}\n`
    expect(answerTo(long)).toBe(
      'HARVEST_TRACE_TOO_LARGE expected a trace of at most 65536 characters a line',
    )
    const nap = `{"ms":5,"sleptMs":${TRACE_LIMITS.SPAN_MS_MAX}}\n`
    expect(answerTo(`${HEADER}\n${nap}${nap}`)).toBe(
      'HARVEST_TRACE_TOO_LARGE expected a trace of at most 400 days',
    )
  })
})

describe('the last hours of a trace', () => {
  it('begin with what was said before, and end where it ends', () => {
    const trace = generateTrace('laptop', { days: 2, seed: 1 })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 47 }), (hours) => {
        const last = lastOf(trace, hours * 3_600_000)
        const first = last.events[0]
        const ends = ({ header, lengthMs, events }: typeof trace) =>
          header.wallMs + lengthMs + events.reduce((sum, { sleptMs = 0 }) => sum + sleptMs, 0)
        return (
          first?.atMs === 0 &&
          first.signals?.memory !== undefined &&
          ends(last) === ends(trace) &&
          last.lengthMs <= trace.lengthMs
        )
      }),
      { numRuns: 20 },
    )
  })
})
