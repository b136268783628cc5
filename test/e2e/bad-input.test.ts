/**
 * What people and machines get wrong: each has its code, its exit code and a hint, and leaves nothing behind.
 *
 * @module
 */

import { readdirSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { brume, type CommandResult } from '../fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'

const fleet = new DaemonFleet()
let daemon: TestDaemon

beforeAll(async () => {
  daemon = await fleet.start('alone')
})

afterAll(() => fleet[Symbol.asyncDispose]())

/** What matters of a refusal: the code, the exit code, one sentence and a hint. */
function refusal({ exit, code, stderr }: CommandResult): object {
  const lines = stderr.trim().split('\n')
  return {
    exit,
    code,
    sentence: lines.some((line) => /^error [A-Z_]+: \S/.test(line)),
    hint: lines.some((line) => line.startsWith('hint: ')),
  }
}

function refused(exit: number, code: string): object {
  return { exit, code, sentence: true, hint: true }
}

/** A file in the state folder of the daemon, which goes away with it. */
function file(name: string, content: string | Uint8Array): string {
  const path = join(daemon.stateDir, name)
  writeFileSync(path, content)
  return path
}

/** Runs `brume` against the one daemon. */
function command(...words: readonly string[]): Promise<CommandResult> {
  return brume(daemon.stateDir, words)
}

describe('without a daemon', () => {
  it('says that none is running', async () => {
    const result = await brume(join(daemon.stateDir, 'nobody'), ['status'])
    expect(refusal(result)).toEqual(refused(3, 'API_DAEMON_NOT_RUNNING'))
  })

  it('does not start with a setting out of its range', async () => {
    const result = await brume(join(daemon.stateDir, 'other'), ['up'], { BRUME_API_PORT: '99999' })
    expect(refusal(result)).toEqual(refused(78, 'CONFIG_VALUE_INVALID'))
  })

  it('does not start twice in one state folder', async () => {
    const result = await brume(daemon.stateDir, ['up'])
    expect(refusal(result)).toEqual(refused(7, 'STATE_LOCKED'))
  })

  it('does not start on a port that is taken', async () => {
    const server = createServer()
    const port = await listening(server)
    try {
      const folder = join(daemon.stateDir, 'port')
      const result = await brume(folder, ['up'], { BRUME_API_PORT: String(port) })
      expect(result).toMatchObject({ code: 'API_PORT_TAKEN' })
      expect(result.exit).not.toBe(0)
    } finally {
      server.close()
    }
  })
})

describe('a wrong model', () => {
  it('is not found', async () => {
    const input = file('input.json', '{}')
    const result = await command('run', 'nothing', '--input', input)
    expect(refusal(result)).toMatchObject({ exit: 5, hint: true })
  })

  it('is refused when it is no ONNX, and leaves nothing in the store', async () => {
    const before = stored()
    const result = await command('model', 'import', file('text.onnx', 'This is no model.\n'))
    expect(result.code).toMatch(/^ONNX_/)
    expect(refusal(result)).toMatchObject({ exit: 7, sentence: true, hint: true })
    expect(stored()).toEqual(before)
  })

  it('is refused when the file is not there', async () => {
    const result = await command('model', 'import', join(daemon.stateDir, 'absent.onnx'))
    expect(result).toMatchObject({ code: 'MODELS_FILE_UNREADABLE' })
    expect(result.exit).not.toBe(0)
  })
})

describe('a wrong input', () => {
  it('is refused for its shape before anything runs', async () => {
    expect(await command('model', 'build', 'mlp', '--name', 'net')).toMatchObject({ exit: 0 })
    const data = Buffer.alloc(4 * 3).toString('base64')
    const input = file('shape.json', JSON.stringify({ x: { type: 'float32', dims: [3], data } }))
    const result = await command('run', 'net', '--input', input)
    expect(refusal(result)).toEqual(refused(2, 'JOB_INPUT_INVALID'))
  })

  it('is refused when the file is not readable', async () => {
    const result = await command('run', 'net', '--input', join(daemon.stateDir, 'absent.npy'))
    expect(refusal(result)).toEqual(refused(2, 'CLI_INPUT_UNREADABLE'))
  })
})

describe('a mesh that cannot', () => {
  it('has too few devices for the stages', async () => {
    const result = await command('plan', 'net', '--stages', '3')
    expect(result.code).toMatch(/^PLACEMENT_/)
    expect(refusal(result)).toMatchObject({ exit: 7, sentence: true, hint: true })
  })

  it('does not exist yet', async () => {
    expect(refusal(await command('invite'))).toEqual(refused(7, 'MESH_NOT_JOINED'))
  })

  it('is not joined with a code that is none', async () => {
    expect(refusal(await command('join', 'brume1nonsense'))).toMatchObject({
      code: 'JOIN_CODE_MALFORMED',
      hint: true,
    })
  })
})

/** Names of all files in the store of the daemon. */
function stored(): readonly string[] {
  return readdirSync(join(daemon.stateDir, 'store'), { recursive: true }).map(String).toSorted()
}

function listening(server: Server): Promise<number> {
  return new Promise((fulfil) => {
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      fulfil(typeof address === 'object' && address !== null ? address.port : 0)
    })
  })
}
