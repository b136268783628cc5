import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { TextEventView } from '../../node/api/schemas/texts.ts'
import { text } from '../../test/fixtures/backend.ts'
import { expectSameText, type TextRun, writeText } from './text-run.ts'

const drawn = (logitsHash: string): TextEventView => ({
  type: 'tokens',
  text: 'a',
  tokens: [{ token: 1, text: 'a', logitsHash }],
  hopsMs: [],
})

/** A daemon that answers with `events`. */
function written(events: readonly TextEventView[], seen: string[] = []): Promise<TextRun> {
  const client = {
    write: async () => text,
    text: async () => ({ ...text, text: 'at the end' }),
    async *textEvents() {
      yield* events
    },
  }
  const onEvent = (_: unknown, { type }: TextEventView): void => void seen.push(type)
  return writeText({ client, request: { model: 'tiny' }, onEvent })
}

describe('a text of the demo', () => {
  it('is shown as it comes, and hashed logit by logit', async () => {
    const seen: string[] = []
    const run = await written([drawn('aa'), drawn('bb'), { type: 'done', result: text }], seen)

    expect(run.view.text).toBe('at the end')
    expect(run.sha256).toBe(createHash('sha256').update('aa\nbb\n').digest('hex'))
    expect(seen).toEqual(['tokens', 'tokens', 'done'])
  })

  it('fails with what the daemon says', async () => {
    const error = {
      type: 'about:blank',
      title: '',
      status: 504,
      code: 'GENERATE_DEADLINE',
      detail: 'too slow',
      hint: 'wait',
      retryable: true,
      component: 'generate',
      exit: 6,
      details: {},
    }
    await expect(written([{ type: 'failed', error }])).rejects.toMatchObject({
      code: 'DEMO_REQUEST_FAILED',
      failure: { cause: 'GENERATE_DEADLINE' },
    })
  })

  it('is the same as another only with the same words and the same logits', () => {
    const run = (words: string, sha256: string): TextRun => ({
      view: { ...text, text: words },
      sha256,
    })
    expect(() => expectSameText(run('a', '1'), run('a', '1'))).not.toThrow()
    expect(() => expectSameText(run('a', '1'), run('b', '2'))).toThrow('got other words')
    expect(() => expectSameText(run('a', '1'), run('a', '2'))).toThrow('got other logits')
  })
})
