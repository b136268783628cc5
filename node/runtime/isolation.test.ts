import { readFileSync, statSync } from 'node:fs'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { lowerSession } from './background-class.ts'
import { ExecutorGroup } from './executor-group.ts'

let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'brume-groups-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('the session of a child', () => {
  it('gets the lowest share, where there are such shares', async () => {
    write('77/autogroup', '/autogroup-9 nice 0\n')
    expect(await lowerSession(77, root)).toBe(true)
    expect(read('77/autogroup')).toMatch(/^19/)
    expect(await lowerSession(78, root)).toBe(false)
  })
})

describe.skipIf(process.platform !== 'linux')('the group of executors', () => {
  async function started(): Promise<ExecutorGroup> {
    const group = new ExecutorGroup(SILENT_LOGGER, { root: join(root, 'sys'), proc: root })
    await group.start(new AbortController().signal)
    return group
  }

  it('is made nowhere when none was delegated', async () => {
    write('self/cgroup', '0::/user.slice/session-3.scope\n')
    const group = await started()
    expect([group.folder, await group.add(1)]).toEqual([undefined, false])
    await group.stop()
  })

  it('is not kept where it has no weight for the processor', async () => {
    write('self/cgroup', '0::/brume.service\n')
    write('sys/brume.service/cgroup.procs', '')
    const group = await started()
    expect(group.folder).toBeUndefined()
    const name = `sys/brume.service/brume-executors-${process.pid}`
    expect(statSync(join(root, name), { throwIfNoEntry: false })).toBeUndefined()
  })

  it('takes the place of one whose daemon was killed', async () => {
    write('self/cgroup', '1:cpu,cpuacct:/x\n')
    // More than any process has: the largest is 2^22.
    mkdirSync(join(root, 'sys/cpu/x/brume-executors-4194305'), { recursive: true })
    await started()
    expect(
      statSync(join(root, 'sys/cpu/x/brume-executors-4194305'), { throwIfNoEntry: false }),
    ).toBe(undefined)
  })
})
