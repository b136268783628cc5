import { PassThrough } from 'node:stream'
import { expect, it } from 'vitest'
import { Terminal } from './terminal.ts'

it('shows what peers call themselves without obeying it', () => {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const terminal = new Terminal(stdout, stderr)
  const name = 'a\u001B[2J\u202Eb'
  terminal.data(`${name}  \u001B[32mgreen\u001B[39m`)
  terminal.note(name)
  terminal.json({ name })
  const [data, json] = String(stdout.read()).trimEnd().split('\n')
  expect([data, String(stderr.read())]).toEqual([
    'a\uFFFD[2J\uFFFDb  \u001B[32mgreen\u001B[39m',
    'a\uFFFD[2J\uFFFDb\n',
  ])
  expect(json).toBe(String.raw`{"v":1,"name":"a\u001b[2J\u202eb"}`)
})
