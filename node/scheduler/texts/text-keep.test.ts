import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import type { AskedText } from '../../api/schemas/kept-text.ts'
import { textSpec } from '../../api/schemas/texts.ts'
import { TextKeep } from './text-keep.ts'

const ID = 'ab'.repeat(16)
const asked: AskedText = {
  createdMs: 5,
  seed: 7,
  promptTokens: 2,
  request: textSpec.parse({ model: 'm', promptTokens: [3, 4], wire: 'f16' }),
}

let folder = ''
let nowMs = 0

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-keep-'))
  nowMs = 1_000_000
})

afterEach(() => rm(folder, { recursive: true, force: true }))

/** As a daemon has it that was started just now. */
function started(resumeMs = 1_000): TextKeep {
  const components = { logger: SILENT_LOGGER, wallMs: () => nowMs }
  return new TextKeep(components, { folder, resumeMs })
}

/** A text of which some was said when its daemon died, `agoMs` ago. */
async function left(said: readonly number[], agoMs = 0): Promise<void> {
  const keep = started()
  await keep.begin(ID, asked, [])
  for (const token of said) keep.append(ID, [token])
  await keep.end(ID, true)
  const at = (nowMs - agoMs) / 1000
  await utimes(join(folder, `${ID}.tokens`), at, at)
}

describe('texts that are kept', () => {
  it('are found by another daemon as they were left', async () => {
    await left([9, 8, 70_000])
    expect(await started().find(ID)).toEqual({ id: ID, ...asked, said: [9, 8, 70_000] })
  })

  it('say in which numeric classes they were begun, and that they went on in others', async () => {
    const stages = [{ fromLayer: 0, toLayer: 4, numericClass: 'cd'.repeat(32) }]
    const keep = started()
    await keep.begin(ID, asked, [])
    keep.amend(ID, { stages })
    keep.append(ID, [9])
    keep.amend(ID, { exact: false })
    await keep.end(ID, true)
    nowMs = Date.now()
    const text = { id: ID, ...asked, stages, exact: false, said: [9] }
    expect(await started(60_000).find(ID)).toEqual(text)
  })

  it('lose what was half written, and are forgotten when they are over', async () => {
    await left([9, 8])
    await truncate(join(folder, `${ID}.tokens`), 6)
    nowMs = Date.now()
    const keep = started(60_000)
    expect((await keep.find(ID))?.said).toEqual([9])
    await keep.end(ID, false)
    expect(await keep.find(ID)).toBeUndefined()
    expect(await readdir(folder)).toEqual([])
  })

  it('go when nobody takes them up in time', async () => {
    await left([9], 2_000)
    expect(await started().find(ID)).toBeUndefined()
    expect(await readdir(folder)).toEqual([])
  })

  it('are none where none are to be kept, under other names, or of other bytes', async () => {
    const none = started(0)
    await none.begin(ID, asked, [])
    none.append(ID, [1])
    expect(await readdir(folder)).toEqual([])
    expect(await started().find('../../etc/passwd')).toBeUndefined()
    await left([9])
    await writeFile(join(folder, `${ID}.json`), '{"version":2}')
    expect(await started().find(ID)).toBeUndefined()
  })
})
