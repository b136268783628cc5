import type { ChildProcess } from 'node:child_process'
import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { freezerAnswer, WindowsFreezer } from './windows-freezer.ts'

/** A script that answers as it is told to. */
function scripts() {
  const started: { readonly heard: string[]; print(text: string): Promise<void>; end(): void }[] =
    []
  const freezer = new WindowsFreezer(SILENT_LOGGER, () => {
    const stdin = new PassThrough()
    const stdout = new PassThrough()
    const heard: string[] = []
    stdin.setEncoding('utf8').on('data', (text: string) => heard.push(text))
    const shell = Object.assign(new EventEmitter(), { stdin, stdout })
    started.push({
      heard,
      print: async (text) => {
        stdout.write(text)
        await setImmediate()
        await setImmediate()
      },
      end: () => shell.emit('close'),
    })
    return shell as unknown as ChildProcess
  })
  return { freezer, started }
}

it('asks one script for all processes, and another once that has ended', async () => {
  const { freezer, started } = scripts()
  expect(started).toEqual([])
  expect([freezer.suspend(7), freezer.suspend(8)]).toEqual([true, true])
  freezer.resume(7)
  await setImmediate()
  expect(started.map(({ heard }) => heard.join(''))).toEqual(['suspend 7\nsuspend 8\nresume 7\n'])
  started[0]?.end()
  freezer.resume(8)
  expect(started.length).toBe(2)
  freezer.stop()
})

it('goes on after a process that could not be frozen, and says no once none can be', async () => {
  const { freezer, started } = scripts()
  freezer.suspend(7)
  await started[0]?.print('7 suspend -1073741790\r\nrubbish\r\n')
  expect(freezer.suspend(8)).toBe(true)
  await started[0]?.print('0 compile -1\r\n')
  expect(freezer.suspend(9)).toBe(false)
  freezer.stop()
})

it('reads what the script prints, and nothing else', () => {
  expect(freezerAnswer('4711 suspend 0\r')).toEqual({ pid: 4711, verb: 'suspend', done: true })
  expect(freezerAnswer('4711 resume -1073741816')).toEqual({
    pid: 4711,
    verb: 'resume',
    done: false,
  })
  const wrong = [
    '',
    'x suspend 0',
    '1 kill 0',
    '1 suspend',
    '99999999999 suspend 0',
    '1 suspend 0 0',
  ]
  expect(wrong.map(freezerAnswer)).toEqual(wrong.map(() => undefined))
})
