import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import { folderIdentity } from './folder-identity.ts'

let root: string

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-folder-'))
})

afterAll(() => rm(root, { recursive: true }))

it('a folder keeps its identity whatever is in it, and a copy has another', async () => {
  const folder = join(root, 'folder')
  await mkdir(folder)
  const before = await folderIdentity(folder)
  await writeFile(join(folder, 'file'), 'content')
  expect(await folderIdentity(folder)).toEqual(before)
  await cp(folder, join(root, 'copy'), { recursive: true, preserveTimestamps: true })
  expect(await folderIdentity(join(root, 'copy'))).not.toEqual(before)
  expect(before.length).toBeLessThanOrEqual(64)
})

it('a folder that is not there has none', async () => {
  const code = await folderIdentity(join(root, 'absent')).catch((error: unknown) =>
    errorCode(error),
  )
  expect(code).toBe('STATE_IO_FAILED')
})
