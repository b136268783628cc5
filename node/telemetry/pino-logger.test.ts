import { describe, expect, it } from 'vitest'
import { createPinoLogger, type PinoLoggerInit } from './pino-logger.ts'

/** What `write` logs in the given form. */
function logged(
  init: Partial<PinoLoggerInit>,
  write: (logger: ReturnType<typeof createPinoLogger>) => void,
): string[] {
  const lines: string[] = []
  const sink = { write: (line: string) => void lines.push(line) }
  write(createPinoLogger({ level: 'info', format: 'json', colour: false, ...init, sink }))
  return lines
}

describe('pino logger', () => {
  it('writes one JSON object a line, with level, component and facts', () => {
    const lines = logged({}, (log) => log.child('network').info('listening', { port: 7_434 }))

    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      component: 'network',
      event: 'listening',
      port: 7_434,
    })
  })

  it('leaves out what is below its level', () => {
    expect(logged({ level: 'warn' }, (log) => log.info('listening'))).toEqual([])
    expect(logged({ level: 'silent' }, (log) => log.error('lost'))).toEqual([])
  })

  it('removes secrets, at the top and one level deeper', () => {
    const lines = logged({}, (log) =>
      log.info('request', { apiKey: 'k1', headers: { authorization: 'Bearer k2' } }),
    )

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      apiKey: '[redacted]',
      headers: { authorization: '[redacted]' },
    })
  })

  it('writes nothing that a terminal would obey, whatever peers call themselves', () => {
    const name = '\u001B]0;x\u0007\u009B2J'
    const lines = logged({ format: 'text' }, (log) => {
      log.info(`a ${name}`, { name, text: `b ${name}`, error: new Error(name) })
    })
    expect(lines[0]?.trimEnd()).not.toMatch(/\p{Cc}/u)
  })

  it('writes short text for people', () => {
    const lines = logged({ format: 'text' }, (log) =>
      log.child('api').warn('request failed', { error: new Error('no disk'), path: '/v1/jobs' }),
    )

    expect(lines[0]?.replace(/^[\d:]{8}/, 'HH:MM:SS')).toBe(
      'HH:MM:SS warn  api request failed error="no disk" path=/v1/jobs\n',
    )
  })
})
