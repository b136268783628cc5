import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { ModelId } from '../../core/ids.ts'
import { PREFIX_BLOCK_ROWS, PREFIX_BLOCKS_MAX } from './limits.ts'
import { prefixChain } from './prefix-chain.ts'

const sha256 = (bytes: Uint8Array): Uint8Array =>
  new Uint8Array(createHash('sha256').update(bytes).digest())
const MODEL = 'ab'.repeat(32) as ModelId
const TOKENS = Array.from({ length: 3 * PREFIX_BLOCK_ROWS + 5 }, (_, index) => (7 * index) % 50_000)

function chain(tokens: ArrayLike<number>, model = MODEL): readonly string[] {
  return prefixChain(model, tokens, sha256).map(toHex)
}

describe('the names of the beginnings of a text', () => {
  it('are one for each whole block', () => {
    expect(chain(TOKENS)).toHaveLength(3)
    expect(chain(TOKENS.slice(0, PREFIX_BLOCK_ROWS))).toHaveLength(1)
    expect(chain(TOKENS.slice(0, PREFIX_BLOCK_ROWS - 1))).toEqual([])
    expect(chain(Int32Array.from(TOKENS))).toEqual(chain(TOKENS))
    expect(chain({ length: 64 * (PREFIX_BLOCKS_MAX + 9) })).toHaveLength(PREFIX_BLOCKS_MAX)
  })

  it('are as they are written down', () => {
    expect(chain(TOKENS)[0]).toBe(
      '285a5bf55e241ddf06e727a42e6570f505d39e7f48422fdc58f0d1e93f3aaec0',
    )
  })

  it('are shared by texts up to where they differ, and by no other model', () => {
    const other = [...TOKENS]
    other[PREFIX_BLOCK_ROWS] = 1
    const [own, its] = [chain(TOKENS), chain(other)]
    expect(its[0]).toBe(own[0])
    expect(its.slice(1).some((name) => own.includes(name))).toBe(false)
    expect(chain(TOKENS, 'cd'.repeat(32) as ModelId)[0]).not.toBe(own[0])
  })
})
