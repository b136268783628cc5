import { describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { LineSplitter } from './line-splitter.ts'
import { SignalBoard } from './signal-board.ts'
import { SignalReader } from './signal-reader.ts'
import type { SignalSource, SignalValues } from './source.ts'

describe('what sources say', () => {
  it('is put together to the more careful', () => {
    const board = new SignalBoard()
    board.say('a', { lastInputAtMs: 10, locked: true, media: false, thermal: [] }, 100)
    board.say('b', { lastInputAtMs: 30, locked: false, media: true }, 90)
    expect(board.readings()).toEqual({
      lastInputAtMs: { quality: 'known', value: 30, atMs: 90 },
      locked: { quality: 'known', value: false, atMs: 90 },
      media: { quality: 'known', value: true, atMs: 90 },
      thermal: { quality: 'known', value: [], atMs: 100 },
    })
  })

  it('is stale as soon as one who spoke of it has failed, and is told by the others once it is forgotten', () => {
    const board = new SignalBoard()
    board.say('terminals', { lastInputAtMs: 10 }, 100)
    board.say('helper', { lastInputAtMs: 30, fullscreen: true }, 100, 'exact')
    expect(board.fail('helper', 'it ended')).toBe(true)
    expect(board.readings()).toEqual({
      lastInputAtMs: { quality: 'stale', value: 30, atMs: 100, why: 'it ended' },
      fullscreen: { quality: 'stale', value: true, atMs: 100, why: 'it ended' },
    })
    board.forget('helper')
    expect(board.readings()).toEqual({
      lastInputAtMs: { quality: 'known', value: 10, atMs: 100 },
    })
    expect(board.fail('nobody', 'it never was')).toBe(false)
  })

  it('is believed before a guess, and a guess when nobody knows', () => {
    const board = new SignalBoard()
    board.say('interrupts', { lastInputAtMs: 99 }, 100, 'guessed')
    board.say('terminals', { lastInputAtMs: 5 }, 100)
    expect(board.readings().lastInputAtMs).toMatchObject({ value: 99 })
    board.say('helper', { lastInputAtMs: 30 }, 100, 'exact')
    expect(board.readings().lastInputAtMs).toMatchObject({ value: 30 })
    board.fail('helper', 'it ended')
    expect(board.readings().lastInputAtMs).toMatchObject({ quality: 'stale', value: 99 })
  })
})

describe('a reader', () => {
  const moment = (nowMs: number, working = false) => ({ nowMs, wallMs: 1e12 + nowMs, working })

  function source(name: string, read: SignalSource['read']): SignalSource {
    return { name, cadence: { workingMs: 250, restingMs: 2_000 }, read }
  }

  function reading(sources: readonly SignalSource[]) {
    const lines: unknown[] = []
    const logger = { ...SILENT_LOGGER, warn: (_event: string, facts: unknown) => lines.push(facts) }
    let news = 0
    const reader = new SignalReader({ logger, sources, onNews: () => news++ })
    return { reader, lines, news: () => news }
  }

  it('looks more often while work runs, and at once when it begins', () => {
    const looks: number[] = []
    const { reader } = reading([
      source('a', ({ nowMs }) => {
        looks.push(nowMs)
        return {}
      }),
    ])
    for (let nowMs = 0; nowMs <= 4_000; nowMs += 250) reader.look(moment(nowMs))
    expect(looks).toEqual([0, 2_000, 4_000])
    reader.hurry(4_250)
    for (let nowMs = 4_250; nowMs <= 5_000; nowMs += 250) reader.look(moment(nowMs, true))
    expect(looks.slice(3)).toEqual([4_500, 4_750, 5_000])
    expect(reader.dueMs()).toBe(5_250)
  })

  it('says once a minute that a source has failed, and that its signal is stale', () => {
    let broken = false
    const { reader, lines } = reading([
      source('disk', () => {
        if (broken) throw new Error('expected a number, got a cat')
        return { disk: { freeBytes: 5 } }
      }),
    ])
    reader.look(moment(0))
    expect(reader.readings.disk).toMatchObject({ quality: 'known', atMs: 0 })
    broken = true
    for (let nowMs = 2_000; nowMs <= 120_000; nowMs += 2_000) reader.look(moment(nowMs))
    expect(reader.readings.disk).toMatchObject({
      quality: 'stale',
      atMs: 0,
      why: 'disk: expected a number, got a cat',
    })
    expect(lines).toHaveLength(2)
    broken = false
    reader.look(moment(122_000))
    expect(reader.readings.disk).toMatchObject({ quality: 'known', atMs: 122_000 })
  })

  it('takes a source that was never there for absent, and rarely looks for it', () => {
    let looks = 0
    const { reader, lines } = reading([
      source('absent', () => {
        looks++
        throw new Error('ENOENT')
      }),
    ])
    for (let nowMs = 0; nowMs <= 60_000; nowMs += 2_000) reader.look(moment(nowMs))
    expect([looks, lines, reader.readings]).toEqual([3, [], {}])
  })

  it('does not wait for a source that hangs', async () => {
    const answer = Promise.withResolvers<SignalValues>()
    let hangs = false
    const { reader, news } = reading([
      source('slow', () => (hangs ? answer.promise : Promise.resolve({ media: true }))),
    ])
    reader.look(moment(0))
    await new Promise(setImmediate)
    expect([reader.readings.media, news()]).toEqual([{ quality: 'known', value: true, atMs: 0 }, 1])
    hangs = true
    for (let nowMs = 2_000; nowMs <= 14_000; nowMs += 2_000) reader.look(moment(nowMs))
    expect(reader.readings.media).toMatchObject({ quality: 'stale', why: 'slow: no answer' })
    answer.resolve({ media: false })
    await new Promise(setImmediate)
    expect(reader.readings.media).toMatchObject({ quality: 'known', value: false, atMs: 2_000 })
  })
})

describe('lines of a stream', () => {
  it('come whole, however the text was cut', () => {
    const lines: string[] = []
    const splitter = new LineSplitter((line) => lines.push(line), {
      lineLengthMax: 8,
      linesPerSecondMax: 100,
    })
    for (const text of ['a', 'b\ncd', '\n', '\nlast']) expect(splitter.push(text)).toBe(true)
    expect(lines).toEqual(['ab', 'cd', ''])
  })

  it('are dropped when they are too long or too many', () => {
    const lines: string[] = []
    const splitter = new LineSplitter((line) => lines.push(line), {
      lineLengthMax: 4,
      linesPerSecondMax: 3,
    })
    expect(splitter.push('123456')).toBe(false)
    expect(splitter.push('7\nok\n')).toBe(false)
    expect(splitter.push('12345\n')).toBe(false)
    expect(splitter.push('a\nb\n')).toBe(true)
    expect(splitter.push('c\nd\n')).toBe(false)
    expect(lines).toEqual(['ok', 'a', 'b'])
  })
})
