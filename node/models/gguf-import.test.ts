import { mkdtemp, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ggufBytes, ggufParts, TINY, tinyGguf } from '../../test/fixtures/gguf-writer.ts'
import { ggufContent } from './gguf-import.ts'
import { ModelFile } from './model-file.ts'

const init = tinyGguf({ ...TINY, format: 'Q4_0', layers: 1 })
const COUNT = 3
const names = Array.from({ length: COUNT }, (_, part) => `m-0000${part + 1}-of-00003.gguf`)
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-parts-'))
  for (const [part, name] of names.entries()) {
    const bytes = ggufBytes(ggufParts(init, COUNT)[part] ?? init)
    await writeFile(join(folder, name), bytes)
  }
  await writeFile(join(folder, 'whole.gguf'), ggufBytes(init))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

/** All weights of a model of which a file is named, by their names, and how far its reading was told. */
async function weights(name: string) {
  await using opened = new AsyncDisposableStack()
  const file = opened.use(await ModelFile.open(join(folder, name)))
  const told: unknown[] = []
  const work = { progress: (...step: readonly unknown[]) => void told.push(...step) }
  const wish = { past: 'cache', quantisation: 'none' } as const
  const content = await ggufContent(file, wish, work, opened)
  const read = new Map<string, Uint8Array>()
  for (const weight of content.weights) read.set(weight.name, await weight.content())
  return { read, told }
}

const failure = (name: string) =>
  weights(name).then(
    () => 'read',
    ({ code, message }: Error & { code: string }) => `${code}: ${message}`,
  )

describe('a model in several GGUF files', () => {
  it('has the weights that it has in one, whichever part is named', async () => {
    const { read } = await weights('whole.gguf')
    expect(read.size).toBeGreaterThan(5)
    for (const name of names.slice(0, 2)) {
      const parts = await weights(name)
      expect(parts.read).toEqual(read)
      expect(parts.told.at(-1)).toEqual({ step: 'read', done: 3, total: 3, unit: 'steps' })
    }
  })

  it('is refused where a part is missing, by its name', async () => {
    const [first = '', second = ''] = names
    await rm(join(folder, second))
    expect(await failure(first)).toMatch(
      /^MODELS_FILE_UNREADABLE: .*m-00002-of-00003.gguf: ENOENT$/,
    )
  })

  it('is refused where a part is another one, ends too early, or has a name of its own', async () => {
    const [first = '', second = '', third = ''] = names.map((name) => join(folder, name))
    await truncate(third, 900)
    expect(await failure(names[0] ?? '')).toMatch(/^GGUF_TRUNCATED/)
    await rename(second, third)
    await writeFile(second, ggufBytes(init))
    expect(await failure(names[0] ?? '')).toBe(
      'GGUF_PARTS_INVALID: expected part 2 of 3, got a file that is no part',
    )
    await rename(first, join(folder, 'renamed.gguf'))
    expect(await failure('renamed.gguf')).toBe(
      'GGUF_PARTS_INVALID: expected a name like NAME-00001-of-00003.gguf of a part of a model',
    )
  })
})
