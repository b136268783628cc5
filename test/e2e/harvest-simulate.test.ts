/** `brume harvest simulate` as a person types it: no daemon, files on this disk. */

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { useCommandLine } from '../fixtures/command-line.ts'

const { brume, stateDir } = useCommandLine()

describe('brume harvest simulate', () => {
  it('writes the trace that it replays, and comes to the same from that file', async () => {
    const hour = `{"brumeTrace":1,"name":"hour","wallMs":1767600000000,"zoneMinutes":0,"template":"desktop"}
{"ms":0,"signals":{"lastInputAtMs":-3600000,"cpu":{"busyFraction":0.1,"ownFraction":0,"cores":4}}}
{"ms":600000,"signals":{"lastInputAtMs":600000,"media":true}}
{"ms":3600000}
`
    writeFileSync(join(stateDir, 'hour.jsonl'), hour)

    const first = await brume([
      'harvest',
      'simulate',
      'hour.jsonl',
      '--write',
      'again.jsonl',
      '--json',
    ])
    const again = await brume(['harvest', 'simulate', 'again.jsonl', '--json'])

    expect([first.code, first.stderr]).toEqual([0, ''])
    const { simulation } = JSON.parse(first.stdout)
    expect(simulation).toMatchObject({ about: 'hour', template: 'desktop' })
    expect(simulation.rows.length).toBe(5)
    expect(simulation.rows[0]).toMatchObject({ mediaMinutes: 0, unexplainedSeconds: 0 })
    expect(again.stdout).toBe(first.stdout)
  })

  it.each([
    [['nothing.jsonl'], 2, 'CLI_INPUT_UNREADABLE'],
    [['--last'], 5, 'HARVEST_TRACE_ABSENT'],
    [['--template', 'toaster'], 2, 'CLI_USAGE_INVALID'],
    [['--scene', 'moon'], 2, 'CLI_USAGE_INVALID'],
    [['--days', '29'], 2, 'CLI_USAGE_INVALID'],
    [['--set', 'harvest.cpuAwayMs=-1'], 78, 'CONFIG_VALUE_INVALID'],
    [['damaged.jsonl'], 2, 'HARVEST_TRACE_INVALID'],
  ])('%j is refused with a code', async (words, code, name) => {
    writeFileSync(join(stateDir, 'damaged.jsonl'), '{"brumeTrace":1\n')

    const ran = await brume(['harvest', 'simulate', ...words])

    expect([ran.code, ran.stdout]).toEqual([code, ''])
    expect(ran.stderr).toContain(`error ${name}:`)
  })
})
