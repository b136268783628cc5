import { describe, expect, it } from 'vitest'
import type { ModelId } from '../../../core/ids.ts'
import { decoderManifest } from '../../../test/fixtures/decoder-model.ts'
import { doublingModel } from '../../../test/fixtures/job-parts.ts'
import { settle } from '../../../test/fixtures/manual-clock.ts'
import type { TextRequest } from '../../api/schemas/texts.ts'
import type { CatalogueModel } from '../../models/catalogue.ts'
import { TextError } from '../../text/errors.ts'
import type { TextInit } from '../../text/text-codec.ts'
import { TokenTable } from '../../text/token-table.ts'
import { Tokenizers, type TextWorker } from './tokenizers.ts'

const { manifest } = decoderManifest(1)
const { signal } = new AbortController()
const TABLE = new TokenTable({
  bytes: new Uint8Array(0),
  offsets: new Uint32Array(1),
  control: new Uint8Array(0),
  spaceFirst: false,
})

function model(number: number, change: Partial<typeof manifest.text> = {}): CatalogueModel {
  const { text } = manifest
  if (text === undefined) throw new Error('expected a decoder that generates')
  const id = number.toString(16).padStart(64, '0') as ModelId
  return { ...doublingModel(1), id, manifest: { ...manifest, text: { ...text, ...change } } }
}

function request(change: Partial<TextRequest>): TextRequest {
  return { sampling: { logitBias: [] }, ...change } as TextRequest
}

/** Tokenizers that fetch what `fetch` gives; threads of make-believe tell what becomes of them. */
function setup(
  fetch: (signal: AbortSignal) => Promise<Uint8Array> = async () => new Uint8Array(2),
) {
  const made: TextInit[] = []
  const told: string[] = []
  const tokenizers = new Tokenizers({
    tokenizer: (_model, given) => fetch(given),
    thread: (text): TextWorker => {
      const name = `thread ${made.push(text)}`
      return {
        table: async () => TABLE,
        encode: async (words) => [words.length],
        chat: async (messages) => [messages.length],
        retire: async () => void told.push(`${name} retires`),
        stop: async () => void told.push(`${name} stops`),
      }
    },
    wallMs: () => 0,
  })
  return { tokenizers, made, told }
}

describe('tokenizers', () => {
  it('make tokens of a prompt and of a chat, by the words of the model', async () => {
    const { tokenizers, made } = setup()
    const prompts = [
      request({ prompt: 'four' }),
      request({ messages: [{ role: 'user', content: 'a' }] }),
    ]
    const tokens = []
    for (const each of prompts)
      tokens.push((await tokenizers.prompt(model(1), each, signal)).tokens)
    expect(tokens).toEqual([[4], [1]])
    const { vocabulary, chatTemplate, beginToken, stopTokens } = model(1).manifest.text ?? {}
    const tokenizer = new Uint8Array(2)
    expect(made).toEqual([{ tokenizer, vocabulary, chatTemplate, beginToken, stopTokens }])
  })

  it('refuse words for a model without a tokenizer, and take its tokens', async () => {
    const { tokenizers } = setup()
    const mute = model(1, { tokenizer: undefined })
    const missing = expect.objectContaining({ code: 'GENERATE_TOKENIZER_MISSING' })
    const asked = [request({ prompt: 'a' }), request({ messages: [] })]
    for (const each of asked) {
      await expect(tokenizers.prompt(mute, each, signal)).rejects.toEqual(missing)
    }
    await expect(tokenizers.table(mute, signal)).rejects.toEqual(missing)
    const tokens = await tokenizers.prompt(mute, request({ promptTokens: [1, 2] }), signal)
    expect(tokens).toEqual({ tokens: [1, 2], table: undefined })
  })

  it('refuse tokens that the model does not know, and a model that says nothing', async () => {
    const { tokenizers } = setup()
    const sampling = { logitBias: [{ token: 64, bias: 1 }] } as unknown as TextRequest['sampling']
    const invalid = expect.objectContaining({ code: 'GENERATE_TOKEN_INVALID' })
    for (const each of [request({ promptTokens: [64] }), request({ prompt: 'a', sampling })]) {
      await expect(tokenizers.prompt(model(1), each, signal)).rejects.toEqual(invalid)
    }
    const onePass = tokenizers.prompt(doublingModel(1), request({ prompt: 'a' }), signal)
    await expect(onePass).rejects.toMatchObject({ code: 'GENERATE_MODEL_ONE_PASS' })
  })

  it.each([
    { code: 'TEXT_TOKENIZER_INVALID', expected: 'a model' },
    { code: 'TEXT_TOKENIZER_OTHER', token: 9, vocabulary: 8 },
    { code: 'TEXT_TOKENIZER_UNSUPPORTED', part: 'a model Magic' },
  ] as const)('pass on why a tokenizer is of no use: $code', async (failure) => {
    const tokenizers = new Tokenizers({
      tokenizer: async () => new Uint8Array(0),
      thread: () => ({ table: () => Promise.reject(new TextError(failure)) }) as never,
      wallMs: () => 0,
    })
    const asked = tokenizers.prompt(model(1), request({ prompt: 'a' }), signal)
    await expect(asked).rejects.toMatchObject({ code: failure.code })
  })

  it('start one thread for prompts that come together, also when the first gives up', async () => {
    const gates: PromiseWithResolvers<Uint8Array>[] = []
    const { tokenizers, made } = setup((given) => {
      const gate = Promise.withResolvers<Uint8Array>()
      given.addEventListener('abort', () => gate.reject(given.reason))
      gates.push(gate)
      return gate.promise
    })
    const first = new AbortController()
    const asked = [first.signal, signal, signal].map(async (each) => {
      const { tokens } = await tokenizers.prompt(model(1), request({ prompt: 'a' }), each)
      return tokens
    })
    const settled = Promise.allSettled(asked)
    await settle()
    expect(gates).toHaveLength(1)
    first.abort()
    await settle()
    expect(gates).toHaveLength(2)
    gates[1]?.resolve(new Uint8Array(0))
    expect((await settled).map(({ status }) => status)).toEqual([
      'rejected',
      'fulfilled',
      'fulfilled',
    ])
    expect(made).toHaveLength(1)
  })

  it('let the thread of a fifth model end when its work is done, and stop the others', async () => {
    const { tokenizers, told } = setup()
    for (const number of [1, 2, 3, 4, 1, 5]) {
      await tokenizers.prompt(model(number), request({ prompt: 'a' }), signal)
    }
    await settle()
    expect(told).toEqual(['thread 2 retires'])
    await tokenizers.stop()
    expect(told.slice(1).toSorted()).toEqual([1, 3, 4, 5].map((each) => `thread ${each} stops`))
  })
})
