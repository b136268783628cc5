import { afterEach, describe, expect, it } from 'vitest'
import { TextThread, type TextThreadInit } from '../../../node/text/text-thread.ts'
import { textOfTokens } from '../../../node/text/text-stream.ts'
import { text } from '../../fixtures/gguf-writer.ts'
import { byteLevelMetadata, textOfMetadata } from '../../fixtures/tokenizers.ts'

const PLAIN = { control: false, begin: false } as const
const CHAT = { addGenerationPrompt: false, wallMs: 0 } as const
const MESSAGES = [{ role: 'user', content: 'hello' }]

const threads: TextThread[] = []

function thread(template: string, init: Omit<TextThreadInit, 'text'> = {}): TextThread {
  const metadata = byteLevelMetadata({ 'tokenizer.chat_template': text(template) })
  const made = new TextThread({ ...init, text: textOfMetadata(metadata) })
  threads.push(made)
  return made
}

const code = (expected: string): unknown => expect.objectContaining({ code: expected })

afterEach(async () => {
  for (const made of threads.splice(0)) await made.stop()
})

describe('the thread of a text codec', () => {
  it('turns texts and chats into tokens and says what tokens stand for', async () => {
    const texts = thread('<|turn|>{{ messages[0].content }}')
    const [encoded, chat, table] = await Promise.all([
      texts.encode('hello', PLAIN),
      texts.chat(MESSAGES, CHAT),
      texts.table(),
    ])
    expect(chat).toEqual([1, ...encoded])
    expect(textOfTokens(table, encoded)).toBe('hello')
  })

  it('passes on why a text is refused, and goes on', async () => {
    const texts = thread("{{ raise_exception('no') }}")
    await expect(texts.chat(MESSAGES, CHAT)).rejects.toEqual(code('TEXT_TEMPLATE_REFUSED'))
    expect(await texts.encode('hello', PLAIN)).toHaveLength(1)
  })

  it('is ended when its work takes too long, and another one takes its place', async () => {
    const endless = '{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}'
    const texts = thread(endless, { workMsMax: 500, loadMsMax: 2_000 })
    await expect(texts.chat(MESSAGES, CHAT)).rejects.toEqual(code('TEXT_TIMEOUT'))
    expect(await texts.encode('hello', PLAIN)).toHaveLength(1)
  })

  it('is ended when its work takes too much memory, and the daemon lives on', async () => {
    const greedy =
      '{% set n = namespace(t=[]) %}{% for a in range(9999) %}{% set n.t = [n.t, range(99999)] %}{% endfor %}'
    const texts = thread(greedy, { memoryBytesMax: 64 * 2 ** 20 })
    await expect(texts.chat(MESSAGES, CHAT)).rejects.toEqual(code('TEXT_THREAD_DIED'))
    expect(await texts.encode('hello', PLAIN)).toHaveLength(1)
  })

  it('ends once its work is done when it is retired, and still does what is asked of it later', async () => {
    const texts = thread('')
    const work = texts.encode('hello', PLAIN)
    await texts.retire()
    expect(await work).toHaveLength(1)
    expect(await texts.encode('hello', PLAIN)).toHaveLength(1)
  })

  it('ends when nobody has called for a while, and starts again', async () => {
    const texts = thread('', { idleMs: 1 })
    const first = await texts.encode('hello', PLAIN)
    await new Promise((resolve) => setTimeout(resolve, 100))
    expect(await texts.encode('hello', PLAIN)).toEqual(first)
  })

  it('keeps only so many calls waiting', async () => {
    const texts = thread('')
    const calls = await Promise.allSettled(
      Array.from({ length: 100 }, () => texts.encode('hello', PLAIN)),
    )
    const refused = calls.filter(({ status }) => status === 'rejected')
    expect(refused).toHaveLength(35)
    expect(refused[0]).toMatchObject({ reason: code('TEXT_QUEUE_FULL') })
  })
})
