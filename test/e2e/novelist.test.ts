/** The tiny novelist writes on real daemons, at the word of the real program. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text as textOf } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOVELIST_FILE } from '../../examples/tiny-novelist/novelist-file.ts'
import type { TextView } from '../../node/api/schemas/texts.ts'
import { brume, type CommandResult } from '../fixtures/brume-command.ts'
import { daemonEnvironment, DaemonFleet } from '../fixtures/daemons.ts'

const fleet = new DaemonFleet()
let stateDir = ''

beforeAll(async () => {
  const [first] = await fleet.startMany(3)
  if (first === undefined) throw new Error('no daemon')
  ;({ stateDir } = first)
  await fleet.formMesh('novels')
  await first.api.operate('/v1/models/import', { file: NOVELIST_FILE, name: 'novelist' })
}, 120_000)

afterAll(() => fleet[Symbol.asyncDispose]())

const SETTINGS = '--max-tokens 40 --temperature 0.7 --top-p 0.9 --seed 1811'.split(' ')

function generate(words: readonly string[], stdin?: string): Promise<CommandResult> {
  return brume(stateDir, ['generate', 'novelist', ...words, ...SETTINGS], {}, stdin)
}

describe('brume generate', () => {
  it('writes the same words on one device and on three, and says where', async () => {
    const whole = await generate(['Emma was', '--stages', '1'])
    const split = await generate(['-', '--stages', '3'], 'Emma was\n')

    expect([whole.exit, split.exit]).toEqual([0, 0])
    expect(whole.stdout).toMatch(/^ \w+(?: [\w'.,;:-]+){10}/)
    expect(split.stdout).toBe(whole.stdout)
    expect(split.stderr).toMatch(/^3 stages: \S+ 0–\d → \S+ \d–\d → \S+ \d–7$/m)
    expect(split.stderr).toMatch(/ · exact · 2 receipts · brume text show \w{12}$/m)
  }, 60_000)

  it('gives programs the same as JSON, with the chance of each token', async () => {
    const plain = await generate(['Emma was'])
    const { stdout } = await generate(['Emma was', '--json', '--logprobs', '3'])
    const { text, tokens } = JSON.parse(stdout) as {
      text: TextView
      tokens: { text: string; logprob: number; alternatives: unknown[] }[]
    }

    expect(`${text.text}\n`).toBe(plain.stdout)
    expect(tokens.map((token) => token.text).join('')).toBe(text.text)
    expect(
      tokens.every(({ logprob, alternatives: { length } }) => logprob <= 0 && length === 3),
    ).toBe(true)
  }, 60_000)

  it('ends before a stop string', async () => {
    const whole = await generate(['Emma was'])
    const third = whole.stdout.split(' ')[4] ?? ''
    const stopped = await generate(['Emma was', '--stop', ` ${third}`])

    expect(stopped.stdout).toBe(`${whole.stdout.slice(0, whole.stdout.indexOf(` ${third}`))}\n`)
  }, 60_000)

  it('fits a schema, in the same words on one device and on three', async () => {
    const file = join(stateDir, 'person.json')
    const properties = {
      name: { type: 'string', minLength: 2, maxLength: 12 },
      age: { type: 'integer', minimum: 16, maximum: 90 },
      kind: { enum: ['heroine', 'suitor', 'aunt'] },
    }
    const required = Object.keys(properties)
    await writeFile(file, JSON.stringify({ type: 'object', properties, required }))
    const guided = ['generate', 'novelist', 'Emma was', '--json-schema', file, '--seed', '1811']
    const whole = await brume(stateDir, [...guided, '--stages', '1'])
    const split = await brume(stateDir, [...guided, '--stages', '3'])

    expect([whole.exit, split.exit]).toEqual([0, 0])
    const { name, age, kind } = JSON.parse(whole.stdout) as Record<string, unknown>
    expect([typeof name, typeof age]).toEqual(['string', 'number'])
    expect(['heroine', 'suitor', 'aunt']).toContain(kind)
    expect(split.stdout).toBe(whole.stdout)

    const grammar = join(stateDir, 'loop.gbnf')
    await writeFile(grammar, 'root ::= root "a"')
    const refused = await generate(['Emma was', '--grammar', grammar])
    expect([refused.code, refused.exit]).toEqual(['GRAMMAR_INVALID', 2])
  }, 60_000)

  it('stops at the daemon when nobody reads on', async () => {
    const words = [
      '--state-dir',
      stateDir,
      'generate',
      'novelist',
      'Emma was',
      '--max-tokens',
      '450',
    ]
    const child = spawn(process.execPath, [resolve('node/main.ts'), ...words], {
      env: daemonEnvironment({}),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const exited = once(child, 'exit')
    await once(child.stdout, 'data')
    child.stdout.destroy()
    const stderr = await textOf(child.stderr)

    expect(await exited).toEqual([130, null])
    expect(stderr).toMatch(/cancelled text \w{12}\ninterrupted\n$/)
    const list = await brume(stateDir, ['text', 'list'])
    expect(list.stdout.split('\n')[1]).toMatch(/ novelist +cancelled /)
  }, 60_000)

  it('refuses what the model cannot do, and begins from nothing when asked to', async () => {
    const long = await generate(['-'], 'and '.repeat(600))
    const none = await generate([''])
    const other = await brume(stateDir, ['generate', 'nobody', 'x'])

    expect([long.code, long.exit]).toEqual(['GENERATE_PROMPT_TOO_LONG', 2])
    expect(none.exit).toBe(0)
    expect([other.code, other.exit]).toEqual(['MODELS_NOT_FOUND', 5])
  }, 60_000)
})

describe('brume chat', () => {
  it('says that the novelist does not chat, and what to do instead', async () => {
    const ran = await brume(stateDir, ['chat', 'novelist'], {}, 'Hello\n')

    expect([ran.exit, ran.stdout, ran.code]).toEqual([2, '', 'CLI_CHAT_UNSUPPORTED'])
    expect(ran.stderr).toContain('`brume generate`')
  })

  it('writes every answer after all that was said before', async () => {
    const file = join(stateDir, 'chatty.gguf')
    const template = "{% for each in messages %}{{ each.content + ' ' }}{% endfor %}"
    await writeFile(file, withChatTemplate(await readFile(NOVELIST_FILE), template))
    await brume(stateDir, ['model', 'import', file, '--name', 'chatty'])
    const words = ['chat', 'chatty', ...SETTINGS, '--max-tokens', '12', '--json']
    const ran = await brume(stateDir, words, {}, 'Emma was\nAnd so\n/reset\nAnd so\n')
    const [first, second, third] = ran.stdout.trimEnd().split('\n').map(answerOf)

    expect([ran.exit, first?.answerTokens, second?.answerTokens]).toEqual([0, 12, 12])
    expect(second?.promptTokens).toBeGreaterThan((first?.promptTokens ?? 0) + 12)
    expect(third?.promptTokens).toBeLessThan(second?.promptTokens ?? 0)
    expect(third?.text).not.toBe(second?.text)
  }, 60_000)

  function answerOf(line: string): TextView {
    return (JSON.parse(line) as { text: TextView }).text
  }
})

/**
 * The GGUF file with one more entry in its metadata, before the others.
 *
 * Its length is a multiple of the alignment, so that the tensors stay where their entries say.
 */
function withChatTemplate(file: Uint8Array, template: string): Uint8Array {
  const key = 'tokenizer.chat_template'
  const fixed = 8 + key.length + 4 + 8
  const value = template.padEnd(Math.ceil((fixed + template.length) / 32) * 32 - fixed)
  const head = Buffer.from(file.subarray(0, 24))
  head.writeBigUInt64LE(head.readBigUInt64LE(16) + 1n, 16)
  const entry = Buffer.alloc(fixed + value.length)
  entry.writeBigUInt64LE(BigInt(key.length), 0)
  entry.write(key, 8)
  // Type 8 is a string: its length, then its bytes.
  entry.writeUInt32LE(8, 8 + key.length)
  entry.writeBigUInt64LE(BigInt(value.length), 12 + key.length)
  entry.write(value, fixed)
  return Buffer.concat([head, entry, file.subarray(24)])
}

it('brume plan counts tokens, and says when one device would be faster', async () => {
  const { stdout } = await brume(stateDir, ['plan', 'novelist', '--stages', '3'])

  expect(stdout).toMatch(/^predicted [\d.]+ tokens a second, [\d.]+ ms each/m)
  expect(stdout).toMatch(/^note: one device would be faster: \S+ alone takes [\d.]+ ms a token/m)
})
