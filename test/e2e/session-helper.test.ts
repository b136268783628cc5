import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { SessionFeed } from '../../node/harvest/session/session-feed.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import type { SignalValues } from '../../node/harvest/signals/source.ts'
import { until } from '../fixtures/delay.ts'

const folder = mkdtempSync(join(tmpdir(), 'brume-session-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A daemon's end that listens at `name`, and what it heard. */
async function listen(name: string) {
  const reports: SignalValues[] = []
  const gone: string[] = []
  const feed = new SessionFeed(
    {
      clock: systemClock,
      onReport: (_session, values) => reports.push(values),
      onGone: (_session, why) => gone.push(why),
      onForgotten: () => undefined,
    },
    join(folder, name),
  )
  await feed.start(new AbortController().signal)
  return { feed, reports, gone, path: join(folder, name) }
}

/** A process that writes `text` to the socket and stays connected. */
async function write(path: string, text: string): Promise<void> {
  const socket = connect(path)
  socket.on('error', () => undefined)
  await new Promise((fulfil) => {
    socket.once('connect', fulfil)
  })
  socket.write(text)
}

describe.skipIf(process.platform !== 'linux')('a session helper', () => {
  it('finds out when the session was last used, and tells it at once', async () => {
    const { feed, reports, path } = await listen('real.sock')
    const idle = join(folder, 'idle')
    const program = join(folder, 'xprintidle')
    writeFileSync(idle, '90000')
    writeFileSync(program, `#!/bin/sh\ncat ${idle}\n`)
    chmodSync(program, 0o755)
    const helper = spawn(
      process.execPath,
      [resolve('node/main.ts'), 'session-helper', '--socket', path],
      { env: { PATH: `${folder}:/bin` }, stdio: ['ignore', 'ignore', 'pipe'] },
    )
    try {
      feed.pace(100)
      await until('a report', 20_000, () => reports[0])
      expect((reports[0]?.lastInputAtMs ?? 0) - performance.now()).toBeLessThan(-80_000)
      writeFileSync(idle, '5')
      const input = await until('the input', 5_000, () => reports[1])
      expect(Math.abs((input.lastInputAtMs ?? 0) - performance.now())).toBeLessThan(2_000)
    } finally {
      helper.kill('SIGTERM')
      await new Promise((fulfil) => {
        helper.once('exit', fulfil)
      })
      await feed.stop()
    }
  })

  it('that sends garbage, floods or ends is believed no more, and the others still are', async () => {
    const { feed, reports, gone, path } = await listen('hostile.sock')
    await write(path, '{"idleMs":1,"media":true,"inhibited":true}\n')
    const good = await until('the good report', 5_000, () => reports[0])
    expect([good.media, good.inhibitors]).toEqual([
      true,
      [{ what: 'idle', by: 'a program of the session' }],
    ])
    await write(path, 'GET / HTTP/1.1\r\n\r\n')
    await until('the end of garbage', 5_000, () => gone[0])
    await write(path, '{"idleMs":1}\n'.repeat(10_000))
    await until('the end of the flood', 5_000, () => gone[1])
    await write(path, 'x'.repeat(100_000))
    await until('the end of the endless line', 5_000, () => gone[2])
    const dying = connect(path)
    dying.write('{"fullscreen":true}\n', () => dying.destroy())
    await until('the end of the dying', 5_000, () => gone[3])

    expect(gone).toEqual([
      'the session helper sent something that is no report',
      'the session helper sent too much',
      'the session helper sent too much',
      'the session helper has ended',
    ])
    expect(reports.length).toBeLessThan(50)
    expect(feed.sessions).toBe(1)
    await feed.stop()
    expect(feed.sessions).toBe(0)
  })
})
