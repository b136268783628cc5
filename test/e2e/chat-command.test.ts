/** `brume chat` before an API whose daemon is make-believe: a line a turn, as a pipe brings them. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { EventLog } from '../../node/api/event-log.ts'
import type { TextEventView } from '../../node/api/schemas/texts.ts'
import type { CliSurroundings } from '../../node/cli/cli.ts'
import { text } from '../fixtures/backend.ts'
import { type Ran, useCommandLine } from '../fixtures/command-line.ts'

const { backend, brume, stateDir } = useCommandLine()

function chat(
  lines: readonly string[],
  words: readonly string[] = [],
  more: Partial<CliSurroundings> = {},
): Promise<Ran> {
  const stdin = () => Readable.from([Buffer.from(lines.map((line) => `${line}\n`).join(''))])
  return brume(['chat', 'tiny', ...words], { stdin, ...more })
}

function messages(): readonly unknown[] {
  return backend.written.at(-1)?.messages ?? []
}

const hello = { role: 'assistant', content: 'Hello there!' }
const user = (content: string) => ({ role: 'user', content })

describe('brume chat', () => {
  it('answers each line on stdout, and remembers what was said', async () => {
    const ran = await chat(['Who are you?', '', 'Why?'], ['--system', 'Be brief.', '--seed', '3'])

    expect([ran.code, ran.stdout]).toEqual([0, 'Hello there!\nHello there!\n'])
    expect(messages()).toEqual([
      { role: 'system', content: 'Be brief.' },
      user('Who are you?'),
      hello,
      user('Why?'),
    ])
    expect(backend.written.at(-1)?.sampling.seed).toBe(3)
  })

  it('obeys what begins with a slash, and sends what begins with two', async () => {
    const before = backend.written.length
    const ran = await chat([
      '/stats',
      'Hi',
      '/stats',
      '/reset',
      '/system Be kind.',
      '//etc?',
      '/what',
      '/help',
      '/exit',
      'unread',
    ])

    expect(backend.written).toHaveLength(before + 2)
    expect(messages()).toEqual([{ role: 'system', content: 'Be kind.' }, user('/etc?')])
    expect(ran.stdout).toBe('Hello there!\nHello there!\n')
    expect(ran.stderr).toContain('no answer yet\n')
    expect(ran.stderr).toMatch(/3 tokens after 4 · .*\nforgotten\nthe model is told: Be kind\.\n/s)
    expect(ran.stderr).toContain('no command /what; /help lists them\n')
    expect(ran.stderr).toContain('/system TEXT')
  })

  it('guides every answer by the schema or the grammar of a file, and refuses both', async () => {
    const schema = join(stateDir, 'schema.json')
    const grammar = join(stateDir, 'yes.gbnf')
    writeFileSync(schema, '{"type": "boolean"}')
    writeFileSync(grammar, 'root ::= "yes"')

    await chat(['Is it?', 'And now?'], ['--json-schema', schema])
    const guided = backend.written.slice(-2).map((each) => each.schema)
    await chat(['Is it?'], ['--grammar', grammar])
    const both = await chat(['Is it?'], ['--json-schema', schema, '--grammar', grammar])

    expect(guided).toEqual([{ type: 'boolean' }, { type: 'boolean' }])
    expect(backend.written.at(-1)?.grammar).toBe('root ::= "yes"')
    expect([both.code, both.stderr]).toEqual([2, expect.stringContaining('brume chat')])
  })

  it('says when an answer is cut off, and prints JSON a line', async () => {
    const cut = { ...text, finish: 'length' as const }
    const ran = await withEvents([{ type: 'done', result: cut }], () => chat(['Hi'], ['--json']))

    expect(JSON.parse(ran.stdout)).toMatchObject({ v: 1, text: { finish: 'length' } })
    expect(ran.stderr).toContain('as long as --max-tokens or the context allow')
  })

  it('refuses a model without a chat template, and names the remedy', async () => {
    const before = backend.model
    backend.model = async (ref) => {
      const detail = await before(ref)
      const words = { tokenizer: true, chatTemplate: false, vocabulary: 9, contextTokens: 9 }
      return detail && { ...detail, text: { ...words, cacheBytesPerToken: 8 } }
    }
    const ran = await chat(['Hi'])
    backend.model = before

    expect(ran).toMatchObject({ code: 2, stdout: '' })
    expect(ran.stderr).toMatch(
      /^error CLI_CHAT_UNSUPPORTED: expected a model with a chat template, tiny has none\nhint: .*`brume generate`/,
    )
  })

  it('tells a script what went wrong, and goes on no further', async () => {
    const error = {
      type: 'about:blank#GENERATE_DEADLINE',
      title: '',
      status: 504,
      detail: 'too slow',
      code: 'GENERATE_DEADLINE',
      hint: 'wait',
      retryable: true,
      component: 'generate',
      exit: 6,
      details: {},
    }
    const before = backend.written.length
    const ran = await withEvents([{ type: 'failed', error }], () => chat(['Hi', 'Hello?']))

    expect(ran).toEqual({
      code: 6,
      stdout: '',
      stderr: 'error GENERATE_DEADLINE: too slow\nhint: wait\n',
    })
    expect(backend.written).toHaveLength(before + 1)
  })

  it('stops an answer when the owner interrupts a script, and ends with 130', async () => {
    const onInterrupt = (listener: () => void) => {
      const timer = setTimeout(listener, 100)
      return () => clearTimeout(timer)
    }
    const words: TextEventView = { type: 'tokens', text: 'On', tokens: [], hopsMs: [] }
    const ran = await withEvents([words], () => chat(['Hi', 'more'], [], { onInterrupt }), false)

    expect([ran.code, ran.stdout]).toEqual([130, 'On\n'])
    expect(backend.calls.at(-1)).toBe('cancelText')
  })
})

/** Lets texts have `events` while `work` is done. */
async function withEvents(
  events: readonly TextEventView[],
  work: () => Promise<Ran>,
  ends = true,
): Promise<Ran> {
  const log = new EventLog<TextEventView>()
  for (const event of events) log.append(event)
  if (ends) log.end()
  const before = backend.textEvents
  backend.textEvents = () => log
  try {
    return await work()
  } finally {
    backend.textEvents = before
  }
}
