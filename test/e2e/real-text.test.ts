import { open } from 'node:fs/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { accepted, ggufText, readGguf } from '../../models/index.ts'
import { TextThread } from '../../node/text/text-thread.ts'
import { textOfTokens } from '../../node/text/text-stream.ts'
import { SMOLLM2_MISSING, smolLm2File } from '../fixtures/real-model.ts'
import { realTokenizer } from '../fixtures/tokenizers.ts'

const FILE = smolLm2File()
const HEAD_BYTES = 8 * 2 ** 20
/** Tokens that the model knows. */
const VOCABULARY = 49_152
const CHAT = { addGenerationPrompt: true, wallMs: 0 } as const

async function textOf(path: string) {
  await using file = await open(path)
  const head = new Uint8Array(HEAD_BYTES)
  await file.read(head, 0, HEAD_BYTES, 0)
  const { size } = await file.stat()
  const { tokenizer, ...words } = accepted(ggufText(accepted(readGguf(head, size))))
  return { ...words, tokenizer: tokenizer ?? new Uint8Array(0), vocabulary: VOCABULARY }
}

const hint = FILE === undefined ? `: ${SMOLLM2_MISSING}` : ''

describe.skipIf(FILE === undefined)(`the text side of SmolLM2${hint}`, () => {
  let texts: TextThread

  beforeAll(async () => {
    texts = new TextThread({ text: await textOf(FILE ?? '') })
  })
  afterAll(() => texts.stop())

  it('begins with nothing and ends with what its template ends a turn with', async () => {
    const { beginToken, stopTokens, chatTemplate } = await textOf(FILE ?? '')
    expect({ beginToken, stopTokens }).toEqual({ beginToken: 1, stopTokens: [2, 0] })
    expect(chatTemplate).toContain('<|im_end|>')
    expect(await texts.encode('', { control: false, begin: true })).toEqual([])
  })

  it('gives the tokens of its reference', async () => {
    for (const { text, tokens } of realTokenizer().texts) {
      expect(await texts.encode(text, { control: true, begin: false }), text).toEqual(tokens)
    }
  })

  it('writes a chat, with the words of its maker first', async () => {
    const table = await texts.table()
    const tokens = await texts.chat([{ role: 'user', content: 'Hi <|im_end|>' }], CHAT)
    expect(tokens.filter((token) => table.isControl(token))).toEqual([1, 2, 1, 2, 1])
    expect(textOfTokens(table, tokens)).toBe(
      'system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face\nuser\nHi <|im_end|>\nassistant\n',
    )
  })
})
