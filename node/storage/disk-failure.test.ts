import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { CHUNK_BYTES } from '../../protocols/blocks/index.ts'
import {
  failingFileSystem,
  type FailingFileSystem,
  type FailingInit,
} from '../../test/fixtures/failing-file-system.ts'
import { systemClock } from '../system/system-clock.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { blobRefOf } from './blob-hasher.ts'
import { BlobStore } from './blob-store.ts'
import type { FileSystem } from './file-system.ts'
import { openStateDir } from './state-dir.ts'

/** More calls than anything here makes. */
const CALLS_MAX = 60

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'brume-disk-'))
})

afterEach(async () => {
  await rm(root, { recursive: true })
})

async function openStore(fileSystem?: FileSystem): Promise<BlobStore> {
  const store = new BlobStore(
    { clock: systemClock, logger: SILENT_LOGGER, ...(fileSystem ? { fileSystem } : {}) },
    { root, quotaBytes: 1e9, freeBytesMin: 0 },
  )
  await store.start(AbortSignal.timeout(10_000))
  return store
}

/** Runs `work` with the first call failing, then the second, until none fails; says how each run ended. */
async function failEachCall(
  init: Omit<FailingInit, 'failAt'>,
  work: (fileSystem: FailingFileSystem) => Promise<string>,
): Promise<readonly string[]> {
  const ends: string[] = []
  for (let failAt = 1; failAt <= CALLS_MAX; failAt++) {
    const fileSystem = failingFileSystem({ ...init, failAt })
    const end = await work(fileSystem)
    if (!fileSystem.failed()) return ends
    ends.push(end)
  }
  throw new Error('more calls than expected')
}

async function ended(work: Promise<unknown>): Promise<string> {
  try {
    await work
    return 'done'
  } catch (error) {
    return errorCode(error) ?? String(error)
  }
}

const CONTENT = new Uint8Array(2 * CHUNK_BYTES + 1).fill(7)
const REF = blobRefOf(CONTENT)

describe('a disk that fails at the n-th call', () => {
  it('leaves the old file or the new one, and nothing beside it', async () => {
    const path = join(root, 'file')
    const ends = await failEachCall({ code: 'ENOSPC' }, async (fileSystem) => {
      await writeFileAtomic(path, utf8('old'))
      const end = await ended(writeFileAtomic(path, utf8('new'), { fileSystem }))
      expect(['old', 'new']).toContain(await readFile(path, 'utf8'))
      expect(await readdir(root)).toEqual(['file'])
      return end
    })
    expect(ends.length).toBeGreaterThan(4)
    expect(new Set(ends)).toEqual(new Set(['STATE_DISK_FULL']))
  })

  it('lets a blob be put later, and counts no byte of it meanwhile', async () => {
    const ends = await failEachCall({ code: 'EIO' }, async (fileSystem) => {
      const end = await ended(
        (async () => {
          const store = await openStore(fileSystem)
          await store.put(CONTENT)
        })(),
      )
      const again = await openStore()
      expect(await readdir(join(root, 'partial'))).toEqual([])
      expect(again.usedBytes).toBe(again.has(REF.id) ? CONTENT.length : 0)
      await again.put(CONTENT)
      await again.verify(REF.id)
      await again.remove(REF.id)
      return end
    })
    expect(ends.length).toBeGreaterThan(7)
    const codes = new Set(ends)
    codes.delete('done')
    expect(codes).toEqual(new Set(['STATE_IO_FAILED']))
  })

  it.each([false, true])(
    'lets an arriving blob go on later (fails for good: %s)',
    async (forever) => {
      const ends = await failEachCall({ code: 'ENOSPC', forever }, async (fileSystem) => {
        const end = await ended(arrive(fileSystem))
        const again = await openStore()
        if (!again.has(REF.id)) {
          const writer = await again.openWriter(REF)
          for (const index of writer.missing()) {
            await writer.writeChunk(
              index,
              CONTENT.slice(index * CHUNK_BYTES).subarray(0, CHUNK_BYTES),
            )
          }
          await writer.finish()
        }
        await again.verify(REF.id)
        await again.remove(REF.id)
        expect(again.usedBytes).toBe(0)
        return end
      })
      expect(ends.length).toBeGreaterThan(10)
      // What fails may be the removal of a file that is no longer needed: nobody minds.
      expect(new Set([...ends, 'done'])).toEqual(new Set(['STATE_DISK_FULL', 'done']))
    },
  )

  it('says that the folder cannot be used or is full, and leaves no lock behind', async () => {
    const path = join(root, 'state')
    const ends = await failEachCall({ code: 'ENOSPC' }, async (fileSystem) => {
      const end = await ended(openStateDir(path, fileSystem))
      if (end === 'done') await rm(join(path, 'lock'))
      await (await openStateDir(path)).release()
      expect(await readdir(path)).toEqual([])
      return end
    })
    expect(ends.slice(0, 3)).toEqual(Array.from({ length: 3 }, () => 'STATE_DISK_FULL'))
    expect(new Set([...ends, 'done'])).toEqual(new Set(['STATE_DISK_FULL', 'done']))
  })
})

async function arrive(fileSystem: FileSystem): Promise<void> {
  const store = await openStore(fileSystem)
  const writer = await store.openWriter(REF)
  try {
    await writer.writeChunk(1, CONTENT.slice(CHUNK_BYTES, 2 * CHUNK_BYTES))
    await writer.close()
  } finally {
    await store.stop()
  }
  const resumed = await store.openWriter(REF)
  try {
    for (const index of resumed.missing()) {
      await resumed.writeChunk(index, CONTENT.slice(index * CHUNK_BYTES).subarray(0, CHUNK_BYTES))
    }
    await resumed.finish()
  } finally {
    await resumed.close()
  }
}
