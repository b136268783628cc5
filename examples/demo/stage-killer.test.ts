import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, expect, it } from 'vitest'
import type { JobStage } from '../../node/api/schemas/jobs.ts'
import { job, PEER } from '../../test/fixtures/backend.ts'
import { expectKilled, StageKiller } from './stage-killer.ts'

const children: ChildProcess[] = []

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL')
})

/** A child that has started up, computes for ever or not at all, and is called as an executor is. */
async function executor(script: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, ['-e', `console.log(1); ${script}`, 'executor-main.ts'])
  children.push(child)
  await once(child.stdout, 'data')
  return child
}

function stage(index: number, peer: string): JobStage {
  return { ...(job.stages[0] as JobStage), index, peer, state: 'running' }
}

function killer(): StageKiller {
  return new StageKiller({
    devices: [
      { label: 'A', peer: PEER, pid: 1 },
      { label: 'B', peer: 'other', pid: process.pid },
    ],
    requester: PEER,
  })
}

/** As many of nine are done. */
function progress(watching: StageKiller, done: number, stages: readonly JobStage[]) {
  return watching.onProgress(done, 9, () => Promise.resolve(stages))
}

it('kills the busiest executor of another device once a third is done', async () => {
  await executor('setTimeout(() => undefined, 60_000)')
  const stages = [stage(0, 'other'), stage(1, PEER)]
  const watching = killer()
  await watching.prepare()
  const busy = await executor('for (;;);')
  await progress(watching, 2, stages)
  expect(watching.killed).toBeUndefined()

  const exited = once(busy, 'exit')
  const hit = await progress(watching, 3, stages)
  expect(await exited).toEqual([null, 'SIGKILL'])
  const killed = { stage: stages[0], label: 'B', pid: busy.pid, done: 3, total: 9 }
  expect([hit, expectKilled(watching)]).toEqual([killed, killed])

  expect(await progress(watching, 4, stages)).toBeUndefined()
  expect(watching.killed).toEqual(killed)
})

it('kills in the copy that has most left to do', async () => {
  const child = await executor('for (;;);')
  const exited = once(child, 'exit')
  const ahead = { ...stage(1, 'other'), steps: 3 }
  const behind = { ...stage(1, 'other'), replica: 1, steps: 0 }
  const watching = killer()
  await progress(watching, 3, [ahead, behind])

  expect(await exited).toEqual([null, 'SIGKILL'])
  expect(expectKilled(watching).stage).toEqual(behind)
})

it('says so when the work was over before', async () => {
  const watching = killer()
  await progress(watching, 9, [stage(0, 'other')])
  expect(() => expectKilled(watching)).toThrow('expected the work to last long enough')
})

it('says so when no stage runs', async () => {
  await expect(progress(killer(), 5, [])).rejects.toMatchObject({
    code: 'DEMO_STAGE_NOT_KILLED',
  })
})
