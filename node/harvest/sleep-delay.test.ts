import { expect, it } from 'vitest'
import { SleepDelay } from './sleep-delay.ts'
import type { WorkHere } from './signals.ts'

const NONE: WorkHere = { cpu: 'none', gpu: 'none', interactive: false }
const RUNNING: WorkHere = { ...NONE, cpu: 'running' }
const PAUSED: WorkHere = { ...NONE, cpu: 'paused' }

function delays() {
  const history: string[] = []
  let lose: () => void = () => undefined
  const delay = new SleepDelay((onEnd) => {
    history.push('taken')
    lose = onEnd
    return { release: () => history.push('released') }
  })
  return { delay, history, lose: () => lose() }
}

it('is held while work of others is here, and not longer', () => {
  const { delay, history } = delays()
  delay.follow(NONE, false, 0)
  expect(history).toEqual([])
  delay.follow(RUNNING, false, 1)
  delay.follow(PAUSED, false, 2)
  expect(history).toEqual(['taken'])
  delay.follow(NONE, false, 3)
  expect(history).toEqual(['taken', 'released'])
})

it('lets the machine sleep as soon as nothing runs, and is taken again after it', () => {
  const { delay, history } = delays()
  delay.follow(RUNNING, false, 0)
  delay.follow(RUNNING, true, 10)
  expect(history).toEqual(['taken'])
  delay.follow(PAUSED, true, 20)
  delay.follow(PAUSED, true, 30)
  expect(history).toEqual(['taken', 'released'])
  delay.follow(PAUSED, false, 40)
  expect(history).toEqual(['taken', 'released', 'taken'])
})

it('is not asked for again and again where there is no login manager', () => {
  const { delay, history, lose } = delays()
  delay.follow(RUNNING, false, 0)
  lose()
  delay.follow(RUNNING, false, 1_000)
  expect(history).toEqual(['taken'])
  delay.follow(RUNNING, false, 600_000)
  expect(history).toEqual(['taken', 'taken'])
})
