import { describe, expect, it } from 'vitest'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { MachineDriver } from './machine-driver.ts'

/** Rings `ringAfterMs` after it was set, once; a second set before that moves the ring. */
class AlarmMachine implements Machine<'set', string> {
  readonly #ringAfterMs: number
  #ringAtMs: number | undefined

  constructor(ringAfterMs: number) {
    this.#ringAfterMs = ringAfterMs
  }

  handle(input: 'set' | TimePassed, nowMs: number): readonly string[] {
    if (input === 'set') {
      this.#ringAtMs = nowMs + this.#ringAfterMs
      return [`set at ${nowMs}`, 'wound up']
    }
    if (this.#ringAtMs === undefined || nowMs < this.#ringAtMs) return []
    this.#ringAtMs = undefined
    return [`ring at ${nowMs}`]
  }

  deadlineMs(): number | undefined {
    return this.#ringAtMs
  }
}

/** A clock with at most one timer, moved by hand. */
class HandClock {
  #nowMs = 0
  /** Timers that were ever set. */
  scheduled = 0
  #timer: { readonly atMs: number; readonly callback: () => void } | undefined

  get armed(): boolean {
    return this.#timer !== undefined
  }

  nowMs(): number {
    return this.#nowMs
  }

  schedule(atMs: number, callback: () => void): () => void {
    const timer = { atMs, callback }
    this.#timer = timer
    this.scheduled++
    return () => {
      if (this.#timer === timer) this.#timer = undefined
    }
  }

  moveTo(ms: number): void {
    this.#nowMs = ms
    const timer = this.#timer
    if (timer === undefined || timer.atMs > ms) return
    this.#timer = undefined
    timer.callback()
  }
}

function driven(perform?: (output: string, feed: () => void) => void) {
  const clock = new HandClock()
  const log: string[] = []
  const driver: MachineDriver<'set', string> = new MachineDriver(new AlarmMachine(100), {
    nowMs: () => clock.nowMs(),
    schedule: (atMs, callback) => clock.schedule(atMs, callback),
    perform: (output) => {
      log.push(output)
      perform?.(output, () => driver.feed('set'))
    },
  })
  return { clock, log, driver }
}

describe('machine driver', () => {
  it('performs every output of an input, then waits for the deadline', () => {
    const { clock, log, driver } = driven()
    driver.feed('set')
    clock.moveTo(99)
    clock.moveTo(100)
    clock.moveTo(500)

    expect(log).toEqual(['set at 0', 'wound up', 'ring at 100'])
  })

  it('follows a deadline that moves', () => {
    const { clock, log, driver } = driven()
    driver.feed('set')
    clock.moveTo(60)
    driver.feed('set')
    clock.moveTo(100)
    expect(log.at(-1)).toBe('wound up')
    clock.moveTo(160)

    expect(log.at(-1)).toBe('ring at 160')
  })

  it('sets no new timer for a deadline that is only put off', () => {
    const { clock, log, driver } = driven()
    for (let ms = 0; ms < 100; ms++) {
      clock.moveTo(ms)
      driver.feed('set')
    }
    expect(clock.scheduled).toBe(1)
    clock.moveTo(100)
    clock.moveTo(199)

    expect(clock.scheduled).toBe(2)
    expect(log.at(-1)).toBe('ring at 199')
  })

  it('finishes one input before it takes the next that its outputs feed', () => {
    const { log, driver, clock } = driven((output, feed) => {
      if (output === 'ring at 100') feed()
    })
    driver.feed('set')
    clock.moveTo(100)
    clock.moveTo(200)

    expect(log).toEqual([
      'set at 0',
      'wound up',
      'ring at 100',
      'set at 100',
      'wound up',
      'ring at 200',
    ])
  })

  it('queues an input that comes while outputs are performed', () => {
    let fed = false
    const { log, driver } = driven((_, feed) => {
      if (!fed) feed()
      fed = true
    })
    driver.feed('set')

    expect(log).toEqual(['set at 0', 'wound up', 'set at 0', 'wound up'])
  })

  it('leaves no timer behind when it stops', () => {
    const { clock, log, driver } = driven()
    driver.feed('set')
    expect(clock.armed).toBe(true)
    driver.stop()
    expect(clock.armed).toBe(false)
    clock.moveTo(1_000)

    expect(log).toEqual(['set at 0', 'wound up'])
  })
})
