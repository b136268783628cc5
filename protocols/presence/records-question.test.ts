import { readFileSync } from 'node:fs'
import { describe } from 'vitest'
import { questionCodecContract } from '../../test/fixtures/question-codec.contract.ts'
import { recordsCodec } from './records-question.ts'

const { frames } = JSON.parse(readFileSync('test/vectors/presence.json', 'utf8')) as {
  readonly frames: Readonly<Record<string, string>>
}

describe('the codec of /brume/presence/1', () => {
  questionCodecContract(recordsCodec, {
    questions: { records: { from: 17 } },
    answers: {
      shown: { records: [Uint8Array.of(1, 2), Uint8Array.of(3)], left: 300 },
      none: { records: [], left: 0 },
    },
    vectors: frames,
  })
})
