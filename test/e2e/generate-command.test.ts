/** `brume generate`, `brume text` and their failures, before an API whose daemon is make-believe. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { EventLog } from '../../node/api/event-log.ts'
import type { TextEventView } from '../../node/api/schemas/texts.ts'
import { JOB } from '../fixtures/backend.ts'
import { type Ran, useCommandLine } from '../fixtures/command-line.ts'

const { stateDir, backend, brume } = useCommandLine()

describe('brume generate', () => {
  it('prints the words alone on stdout, and how they came on stderr', async () => {
    const { code, stdout, stderr } = await brume(['generate', 'tiny', 'Say hello.'])

    expect([code, stdout]).toEqual([0, 'Hello there!\n'])
    expect(stderr.split('\n')).toEqual([
      expect.stringMatching(/^expected 250 tokens a second over 2 stages, by /),
      'stage 0  ready     brave-otter-7f3a  layers 0–1  cpu  1.4 ms',
      expect.stringMatching(
        /^3 tokens after 4 · .* 80 tokens a second \(predicted 100, 20 % slower/,
      ),
      '2 stages: brave-otter-7f3a 0–1 → brave-otter-7f3a 2–2',
      'wire f32 · exact · 1 receipt · brume text show cdcdcdcdcdcd',
      `receipt ${'55'.repeat(16)} of stage 0 settled`,
      '',
    ])
    expect(backend.written.at(-1)).toMatchObject({
      model: 'tiny',
      prompt: 'Say hello.',
      tokensMax: 256,
      sampling: { temperature: 0.7, topP: 0.95, topK: 0, minP: 0, repetitionPenalty: 1 },
      stages: 'auto',
    })
  })

  it('hands on what the answer has to be', async () => {
    const schema = join(stateDir, 'schema.json')
    const grammar = join(stateDir, 'yes.gbnf')
    writeFileSync(schema, '{"type": "boolean"}')
    writeFileSync(grammar, 'root ::= "yes"\n')

    await brume(['generate', 'tiny', 'hi', '--json-schema', schema])
    expect(backend.written.at(-1)).toMatchObject({ schema: { type: 'boolean' } })
    await brume(['generate', 'tiny', 'hi', '--grammar', grammar])
    expect(backend.written.at(-1)).toMatchObject({ grammar: 'root ::= "yes"' })

    const refused = [
      ['--json-schema', grammar],
      ['--json-schema', schema, '--grammar', grammar],
      ['--grammar', join(stateDir, 'none.gbnf')],
    ]
    const codes = refused.map(
      async (more) => (await brume(['generate', 'tiny', 'hi', ...more])).code,
    )
    expect(await Promise.all(codes)).toEqual([2, 2, 2])
  })

  it('hands on every option', async () => {
    const words =
      'generate tiny hi --max-tokens 9 --temperature 0 --top-p 0.5 --top-k 40 --min-p 0.1'
    const more = '--repetition-penalty 1.1 --seed 7 --stop A --stop B --stages 2 --wire f16'
    const last = '--provider cpu --deadline 30s --logprobs 2 --json'
    const ran = await brume(`${words} ${more} ${last}`.split(' '))

    expect([ran.code, JSON.parse(ran.stdout)]).toMatchObject([
      0,
      { v: 1, text: { text: 'Hello there!' }, tokens: [{}, {}, { token: 2, text: '!' }] },
    ])
    expect(backend.written.at(-1)).toMatchObject({
      tokensMax: 9,
      sampling: {
        temperature: 0,
        topP: 0.5,
        topK: 40,
        minP: 0.1,
        repetitionPenalty: 1.1,
        seed: 7,
        logprobs: 2,
      },
      stop: ['A', 'B'],
      stages: 2,
      wire: 'f16',
      provider: 'cpu',
      deadlineMs: 30_000,
    })
  })

  it('takes the prompt from a file or standard input, without the last line break', async () => {
    writeFileSync(join(stateDir, 'prompt.txt'), 'Emma\nwas \n')
    await brume(['generate', 'tiny', '--file', 'prompt.txt'])
    expect(backend.written.at(-1)?.prompt).toBe('Emma\nwas ')

    const stdin = () => Readable.from([Buffer.from('Élinor'), Buffer.from(' was\n')])
    await brume(['generate', 'tiny', '-'], { stdin })
    expect(backend.written.at(-1)?.prompt).toBe('Élinor was')
  })

  it('cancels the text when the owner interrupts, keeps its words, and ends with 130', async () => {
    const endless = new EventLog<TextEventView>()
    endless.append({ type: 'tokens', text: 'On and', tokens: [], hopsMs: [] })
    const onInterrupt = (listener: () => void) => {
      const timer = setTimeout(listener, 100)
      return () => clearTimeout(timer)
    }
    const ran = await withEvents(endless, () => brume(['generate', 'tiny', 'x'], { onInterrupt }))

    expect([ran.code, ran.stdout]).toEqual([130, 'On and\n'])
    expect(ran.stderr).toBe('cancelled text cdcdcdcdcdcd\ninterrupted\n')
    expect(backend.calls.at(-1)).toBe('cancelText')
  })

  it('ends with 8 when the text fails, and with its code', async () => {
    const failing = new EventLog<TextEventView>()
    failing.append({ type: 'tokens', text: 'On and', tokens: [], hopsMs: [] })
    const error = {
      type: 'about:blank#GENERATE_INTERRUPTED',
      title: '',
      status: 503,
      detail: 'gone',
      code: 'GENERATE_INTERRUPTED',
      hint: 'ask again',
      retryable: true,
      component: 'generate',
      exit: 3,
      details: {},
    }
    failing.append({ type: 'failed', error })
    failing.end()
    const ran = await withEvents(failing, () => brume(['generate', 'tiny', 'x']))

    expect(ran).toEqual({
      code: 8,
      stdout: 'On and\n',
      stderr: 'error GENERATE_INTERRUPTED: gone\nhint: ask again\n',
    })
  })

  it.each([
    [['generate', 'tiny'], 'CLI_USAGE_INVALID', 'expected a prompt, - for standard input'],
    [['generate', 'tiny', 'a', '--file', 'b'], 'CLI_USAGE_INVALID', 'expected a prompt'],
    [['generate', 'tiny', 'a', '--logprobs', '2'], 'CLI_USAGE_INVALID', 'expected --json'],
    [['generate', 'tiny', 'a', '--top-p', '2'], 'CLI_USAGE_INVALID', 'expected a number from'],
    [['generate', 'tiny', 'a', '--temperature', '-1'], 'CLI_USAGE_INVALID', 'from 0 to 100'],
    [['generate', 'tiny', 'a', '--deadline', 'soon'], 'CLI_USAGE_INVALID', 'such as 30s'],
    [['generate', 'tiny', '--file', 'missing.txt'], 'CLI_INPUT_UNREADABLE', 'missing.txt'],
    [['generate', 'tiny', '--file', notText()], 'CLI_PROMPT_INVALID', 'expected text in UTF-8'],
  ])('%j ends with 2 and %s', async (words, code, message) => {
    const ran = await brume(words)

    expect([ran.code, ran.stdout]).toEqual([2, ''])
    expect(ran.stderr).toContain(`error ${code}: `)
    expect(ran.stderr).toContain(message)
  })

  it('refuses a prompt that no context holds, without reading all of it', async () => {
    let read = 0
    const stdin = () =>
      Readable.from(
        (function* () {
          for (; read < 1_000; read++) yield Buffer.alloc(1_048_576, 'a')
        })(),
      )
    const ran = await brume(['generate', 'tiny', '-'], { stdin })

    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('at most 16 MiB of text')])
    expect(read).toBeLessThan(40)
  })

  function notText(): string {
    writeFileSync(join(stateDir, 'noise.txt'), Uint8Array.of(0x61, 0xff, 0x62))
    return 'noise.txt'
  }
})

describe('brume text', () => {
  it.each([
    [['text', 'list'], 'cdcdcdcdcdcd  tiny'],
    [['text', 'show', JOB], '55555555'],
    [['text', 'cancel', JOB], 'text cdcdcdcdcdcd cancelled'],
  ])('%j prints its data on stdout, as text and as JSON', async (words, expected) => {
    const plain = await brume(words)
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining(expected)])

    const json = await brume([...words, '--json'])
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([0, { v: 1 }])
  })

  it('does not know what there is not', async () => {
    expect(await brume(['text', 'show', 'other'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('error API_TEXT_UNKNOWN'),
    })
  })
})

describe('brume plan', () => {
  it('says of a model that generates how quickly a text comes', async () => {
    const before = backend.plan
    backend.plan = async () => ({ ...(await before()), unit: 'token' })
    const { stdout } = await brume(['plan', 'tiny'])
    backend.plan = before

    expect(stdout).toContain('predicted 250 tokens a second, 4 ms each (3 ms to 6 ms)\n')
    expect(stdout).toContain('one device alone: 2 ms a token\n')
  })
})

/** Lets texts have `events` while `work` is done. */
async function withEvents(events: EventLog<TextEventView>, work: () => Promise<Ran>): Promise<Ran> {
  const before = backend.textEvents
  backend.textEvents = () => events
  try {
    return await work()
  } finally {
    backend.textEvents = before
  }
}
