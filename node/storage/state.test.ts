import { spawn } from 'node:child_process'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { writeFileAtomic } from './atomic-file.ts'
import { loadOrCreateIdentity } from './identity.ts'
import { processBirth } from './process-birth.ts'
import { openStateDir } from './state-dir.ts'
import { StateStore } from './state-store.ts'

let directory: string

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'brume-state-')), 'state')
})

afterEach(async () => {
  await rm(join(directory, '..'), { recursive: true })
})

function failure(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => 'no failure',
    (error: { failure?: unknown }) => error.failure ?? error,
  )
}

async function open(path: string): Promise<StateStore> {
  const store = new StateStore({ path })
  await store.start(AbortSignal.timeout(10_000))
  return store
}

describe('state folder', () => {
  it('is private, and one daemon uses it at a time', async () => {
    const state = await openStateDir(directory)
    expect((await stat(directory)).mode & 0o777).toBe(0o700)
    expect(await failure(openStateDir(directory))).toEqual({
      code: 'STATE_LOCKED',
      path: join(directory, 'lock'),
      pid: process.pid,
    })
    await state.release()
    await (await openStateDir(directory)).release()
    expect(await readdir(directory)).toEqual([])
  })

  it('takes over the lock of a process that is gone, and of one whose number was given out again', async () => {
    const gone = spawn(process.execPath, ['-e', ''])
    await new Promise((resolve) => gone.once('exit', resolve))
    await (await openStateDir(directory)).release()
    const stale = [
      { pid: gone.pid, birth: null, nonce: '0123456789abcdef' },
      { pid: process.ppid, birth: 'another boot:1', nonce: '0123456789abcdef' },
    ]
    for (const holder of stale) {
      await writeFile(join(directory, 'lock'), JSON.stringify(holder))
      const state = await openStateDir(directory)
      expect(JSON.parse(await readFile(join(directory, 'lock'), 'utf8'))).toMatchObject({
        pid: process.pid,
        birth: (await processBirth(process.pid)) ?? null,
      })
      await state.release()
    }
    expect(await readdir(directory)).toEqual([])
  })

  it('takes over a lock that is not one, and a take-over that died half-way', async () => {
    await (await openStateDir(directory)).release()
    const dead = { pid: 2 ** 22 + 1, birth: null, nonce: '0123456789abcdef' }
    await writeFile(join(directory, 'lock'), JSON.stringify(dead))
    await writeFile(join(directory, `lock.${dead.nonce}`), '{')
    await (await openStateDir(directory)).release()
    expect(await readdir(directory)).toEqual([])
  })

  it('lets exactly one of many at once have a dead lock', async () => {
    await (await openStateDir(directory)).release()
    const dead = { pid: 2 ** 22 + 1, birth: null, nonce: '0123456789abcdef' }
    await writeFile(join(directory, 'lock'), JSON.stringify(dead))
    const results = await Promise.allSettled(
      Array.from({ length: 8 }, () => openStateDir(directory)),
    )
    const [winner, ...others] = results.filter(({ status }) => status === 'fulfilled')
    expect(others).toEqual([])
    expect(winner).toBeDefined()
  })

  it('says why a folder cannot be used', async () => {
    await writeFile(directory, '')
    expect(await failure(openStateDir(directory))).toEqual({
      code: 'STATE_DIR_UNUSABLE',
      path: directory,
      reason: 'EEXIST',
    })
  })

  it('removes files that were being written', async () => {
    await (await openStateDir(directory)).release()
    await writeFile(join(directory, '.identity.1.ab.tmp'), '')
    await (await openStateDir(directory)).release()
    expect(await readdir(directory)).toEqual([])
  })
})

describe('identity', () => {
  it('is made once, readable by its owner only, and kept', async () => {
    const state = await openStateDir(directory)
    const first = await loadOrCreateIdentity(directory)
    expect((await stat(join(directory, 'identity'))).mode & 0o777).toBe(0o600)
    expect((await loadOrCreateIdentity(directory)).peer).toBe(first.peer)
    expect(first.signer.peer).toBe(first.peer)
    await state.release()
  })

  it('is refused when others may read it or it has the wrong length', async () => {
    const state = await openStateDir(directory)
    await loadOrCreateIdentity(directory)
    const path = join(directory, 'identity')
    const code = 'STATE_IDENTITY_INVALID'
    await chmod(path, 0o640)
    expect(await failure(loadOrCreateIdentity(directory))).toEqual({
      code,
      path,
      reason: 'expected permissions 0600, got 0640',
    })
    await writeFileAtomic(path, new Uint8Array(31))
    expect(await failure(loadOrCreateIdentity(directory))).toEqual({
      code,
      path,
      reason: 'expected 32 bytes, got 31',
    })
    await state.release()
  })
})

describe('state store', () => {
  it('keeps values by key over a restart and lists them by prefix in order', async () => {
    const store = await open(directory)
    await store.put('mesh/b', utf8('2'))
    await store.batch(
      [
        { type: 'put', key: 'mesh/a', value: utf8('1') },
        { type: 'put', key: 'mesh/c', value: utf8('3') },
        { type: 'put', key: 'mesh2/a', value: utf8('x') },
        { type: 'del', key: 'mesh/none' },
      ],
      { sync: true },
    )
    await store.stop()

    const again = await open(directory)
    expect(await again.get('mesh/a')).toEqual(utf8('1'))
    expect(await again.get('mesh/none')).toBeUndefined()
    const keys = async (limit: number, after?: string) =>
      (await again.entries('mesh/', limit, after)).map(({ key }) => key)
    expect(await keys(9)).toEqual(['mesh/a', 'mesh/b', 'mesh/c'])
    expect(await keys(2)).toEqual(['mesh/a', 'mesh/b'])
    expect(await keys(2, 'mesh/b')).toEqual(['mesh/c'])
    await again.del('mesh/a')
    expect(await keys(9)).toEqual(['mesh/b', 'mesh/c'])
    await again.stop()
  })

  it('says when it is damaged or used by another', async () => {
    const store = await open(directory)
    expect(await failure(open(directory))).toMatchObject({ code: 'STATE_LOCKED', path: directory })
    await store.put('a/b', utf8('c'))
    await store.stop()
    for (const name of await readdir(directory)) {
      if (name.startsWith('MANIFEST')) await writeFile(join(directory, name), 'damage'.repeat(9))
    }
    expect(await failure(open(directory))).toEqual({
      code: 'STATE_STORE_CORRUPTED',
      path: directory,
    })
  })
})
