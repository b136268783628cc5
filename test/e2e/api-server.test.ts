import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { FakeBackend, status } from '../fixtures/backend.ts'
import { connectionFile, keyFile } from '../../node/api/connection.ts'
import { keyMatches, loadOrCreateKey } from '../../node/api/connection-file.ts'
import { API_ERRORS } from '../../node/api/errors.ts'
import { ApiServer } from '../../node/api/server.ts'

let stateDir = ''
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'brume-api-'))
})
afterEach(() => rmSync(stateDir, { recursive: true }))

const never = new AbortController().signal

/** A server that listens once it is started. */
function server(port = 0): ApiServer {
  const errorRow = (code: string) => API_ERRORS[code as keyof typeof API_ERRORS]
  return new ApiServer(
    { backend: new FakeBackend(), logger: SILENT_LOGGER, errorRow },
    { host: '127.0.0.1', port, stateDir, version: '0.1.0', jobBodyBytesMax: 1_048_576 },
  )
}

describe('api server', () => {
  it('says where it listens and how to ask, for as long as it does', async () => {
    const api = server()
    await api.start(never)

    const connection = JSON.parse(readFileSync(connectionFile(stateDir), 'utf8'))
    expect(connection).toEqual({ url: api.url, keyFile: api.keyFile, pid: process.pid })
    const key = readFileSync(connection.keyFile, 'utf8').trim()
    const reply = await fetch(`${connection.url}/v1/status`, {
      headers: { authorization: `Bearer ${key}` },
    })
    expect(await reply.json()).toEqual(status)

    await api.stop()
    expect(() => statSync(connectionFile(stateDir))).toThrow('ENOENT')
    await expect(fetch(`${connection.url}/v1/status`)).rejects.toThrow('fetch failed')
  })

  it('refuses a port that is taken, with its number, and leaves no file that points there', async () => {
    const first = server()
    await first.start(never)
    const port = Number(new URL(first.url).port)
    const second = server(port)

    await expect(second.start(never)).rejects.toMatchObject({
      code: 'API_PORT_TAKEN',
      message: `cannot listen on 127.0.0.1:${port}: it is taken`,
    })
    await second.stop()
    await first.stop()
  })
})

describe('key', () => {
  it('is made once, and only its owner may read it', async () => {
    const key = await loadOrCreateKey(stateDir)

    expect(key).toMatch(/^brumek_[A-Za-z0-9_-]{43}$/)
    expect(statSync(keyFile(stateDir)).mode & 0o777).toBe(0o600)
    expect(await loadOrCreateKey(stateDir)).toBe(key)
  })

  it('matches itself only', () => {
    expect([keyMatches('abc', 'abc'), keyMatches('ab', 'abc'), keyMatches('', 'abc')]).toEqual([
      true,
      false,
      false,
    ])
  })
})
