/**
 * What the files beside a checkpoint say about text.
 *
 * @module
 */

import { textOf } from '../../core/bytes.ts'
import type { Result } from '../errors.ts'
import { STOP_TOKENS_MAX, TEMPLATE_CHARACTERS_MAX } from '../limits.ts'
import { attempt, refuse } from '../refuse.ts'
import type { TextWords } from '../text/text-outline.ts'
import { isObject, JsonRecord } from './json-record.ts'

/** The files of a folder that say something about text, those that are there. */
export interface WordFiles {
  readonly generation: Uint8Array | undefined
  readonly tokenizer: Uint8Array | undefined
  readonly tokenizerConfig: Uint8Array | undefined
  readonly chatTemplate: Uint8Array | undefined
}

/** What the files say beside an ONNX model, which may lack its config.json. */
export function wordsBeside(
  files: WordFiles & { readonly config: Uint8Array | undefined },
  vocabulary: number,
): Result<TextWords> {
  return attempt(() => {
    const { config } = files
    const record =
      config === undefined
        ? new JsonRecord('config.json', {})
        : JsonRecord.parse('config.json', config)
    return wordsOf(record, files, vocabulary)
  })
}

/** Refuses tokens of `vocabulary` or more. */
export function wordsOf(config: JsonRecord, files: WordFiles, vocabulary: number): TextWords {
  const { generation, tokenizer } = files
  const records =
    generation === undefined ? [] : [JsonRecord.parse('generation_config.json', generation)]
  const tokens = (key: string): readonly number[] =>
    [...records, config].flatMap((record) => tokensOf(record, key, vocabulary))
  const stops = [...new Set(tokens('eos_token_id'))]
  if (stops.length > STOP_TOKENS_MAX) {
    refuse('SAFETENSORS_LIMIT', `expected at most ${STOP_TOKENS_MAX} tokens that end an answer`)
  }
  const chatTemplate = templateOf(files)
  if ((chatTemplate?.length ?? 0) > TEMPLATE_CHARACTERS_MAX) {
    const most = TEMPLATE_CHARACTERS_MAX
    refuse('SAFETENSORS_LIMIT', `expected a chat template of at most ${most} characters`)
  }
  return { tokenizer, chatTemplate, beginToken: tokens('bos_token_id')[0], stopTokens: stops }
}

function tokensOf(record: JsonRecord, key: string, vocabulary: number): readonly number[] {
  return record.list(key).map((token) => {
    const isToken = typeof token === 'number' && Number.isInteger(token) && token >= 0
    if (isToken && token < vocabulary) return token
    return refuse('SAFETENSORS_MODEL_INVALID', `expected tokens below ${vocabulary} for ${key}`)
  })
}

/** A file of its own since 2025; before, a key of the tokenizer's: one template, or several with names. */
function templateOf({ chatTemplate, tokenizerConfig }: WordFiles): string | undefined {
  if (chatTemplate !== undefined) return textOf(chatTemplate)
  if (tokenizerConfig === undefined) return undefined
  const record = JsonRecord.parse('tokenizer_config.json', tokenizerConfig)
  const templates = record.list('chat_template')
  const [only] = templates
  if (typeof only === 'string') return only
  const named: readonly NamedTemplate[] = templates.filter(isObject)
  const usual = named.find(({ name }) => name === 'default')?.template
  return typeof usual === 'string' ? usual : undefined
}

interface NamedTemplate {
  readonly name?: unknown
  readonly template?: unknown
}
