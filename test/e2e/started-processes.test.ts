import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, it } from 'vitest'
import { until } from '../fixtures/delay.ts'
import { processes } from '../fixtures/processes.ts'

const PROGRAM = join(import.meta.dirname, '../fixtures/starting-program.ts')

function isThere(pid: number): boolean {
  return processes().some((process) => process.pid === pid)
}

describe.skipIf(process.platform === 'win32')('processes that a claim started', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('end with it on %s, whatever group they are in', async (signal, code) => {
    const parent = spawn(process.execPath, [PROGRAM], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
    const child = Number(line)
    expect(isThere(child)).toBe(true)

    parent.kill(signal)

    expect(await once(parent, 'exit')).toEqual([code, null])
    await until('the child is gone', 5_000, () => Promise.resolve(!isThere(child) || undefined))
  })
})
