import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { MeshId, PeerId } from '../../core/ids.ts'
import type { TimePassed } from '../../core/machine.ts'
import { capabilities } from '../../test/fixtures/capabilities.ts'
import { type DirectoryInput, DirectoryMachine } from './directory-machine.ts'
import { DIRECTORY_RECORDS_MAX } from './limits.ts'
import type { CapabilityRecord } from './record.ts'

const passed: TimePassed = { type: 'time-passed' }

function machine(dhtDevicesMin = 0): DirectoryMachine {
  return new DirectoryMachine({
    heartbeatMs: 10_000,
    announceMsMin: 1_000,
    storeDelayMs: 2_000,
    storeEveryMs: 300_000,
    dhtDevicesMin,
    jitterShare: 0.25,
    random: () => 0.4,
  })
}

function record(peer: string, sequence = 1): CapabilityRecord {
  return {
    ...capabilities(),
    version: 1,
    mesh: 'ef'.repeat(32) as MeshId,
    peer: peer as PeerId,
    sequence,
    issuedMs: 0,
    expiresMs: 60_000,
    credential: new Uint8Array(0),
    forecast: undefined,
    trust: undefined,
  }
}

function heard(peer: string, sequence = 1, lifeMs = 60_000): DirectoryInput {
  return { type: 'record', record: record(peer, sequence), encoded: utf8(peer), lifeMs }
}

/** What comes out, at each time when something does, in words. */
function history(
  inputs: readonly (readonly [number, DirectoryInput | TimePassed])[],
  directory = machine(),
) {
  return inputs.flatMap(([atMs, input]) =>
    directory.handle(input, atMs).map((output) => {
      if (output.type === 'changed') return `${atMs} changed ${output.record.peer}`
      if (output.type === 'expired') return `${atMs} expired ${output.peer}`
      return 'class' in output ? `${atMs} ${output.type} ${output.class}` : `${atMs} ${output.type}`
    }),
  )
}

describe('directory', () => {
  it('tells the DHT only once more devices are known than gossip surely reaches', () => {
    const inputs: [number, DirectoryInput | TimePassed][] = [
      [0, { type: 'self-changed', classes: ['any'] }],
      [0, { type: 'joined' }],
      [100, heard('a')],
      [2_000, passed],
      [2_100, heard('a', 2)],
      [4_200, passed],
      [5_000, heard('b')],
      [7_000, passed],
    ]
    expect(history(inputs, machine(3))).toEqual([
      '0 gossip',
      '100 changed a',
      '2100 changed a',
      '5000 changed b',
      '7000 store',
      '7000 provide any',
    ])
  })

  it('announces at once, stores a little later, then keeps a heartbeat', () => {
    expect(
      history([
        [0, { type: 'self-changed', classes: ['any'] }],
        [0, { type: 'joined' }],
        [2_000, passed],
        [9_000, passed],
        [11_000, passed],
      ]),
    ).toEqual(['0 gossip', '2000 store', '2000 provide any', '9000 gossip'])
  })

  it('says nothing outside a mesh, and takes its classes back when it leaves', () => {
    expect(
      history([
        [0, { type: 'self-changed', classes: ['any', 'mem:1g'] }],
        [1, passed],
        [2, heard('a')],
        [3, { type: 'joined' }],
        [2_003, passed],
        [2_004, heard('a')],
        [3_000, { type: 'left' }],
        [99_000, passed],
      ]),
    ).toEqual([
      '3 gossip',
      '2003 store',
      '2003 provide any',
      '2003 provide mem:1g',
      '2004 changed a',
      '3000 unprovide any',
      '3000 unprovide mem:1g',
      '3000 expired a',
    ])
  })

  it('tells of a change soon, but not more often than it may, and provides what is new', () => {
    expect(
      history([
        [0, { type: 'self-changed', classes: ['any'] }],
        [0, { type: 'joined' }],
        [2_000, passed],
        [2_100, { type: 'self-changed', classes: ['any', 'model:x'] }],
        [2_200, { type: 'self-changed', classes: ['model:x'] }],
        [3_100, passed],
        [4_200, passed],
      ]),
    ).toEqual([
      '0 gossip',
      '2000 store',
      '2000 provide any',
      '2100 gossip',
      '3100 gossip',
      '4200 store',
      '4200 unprovide any',
      '4200 provide model:x',
    ])
  })

  it('provides again each time the number of neighbours has doubled', () => {
    const neighbours = (count: number): DirectoryInput => ({ type: 'neighbours', count })
    expect(
      history([
        [0, { type: 'self-changed', classes: ['any'] }],
        [0, { type: 'joined' }],
        [2_000, passed],
        [10_000, neighbours(1)],
        [12_000, passed],
        [20_000, neighbours(2)],
        [22_000, passed],
        [30_000, neighbours(3)],
        [32_000, passed],
        [40_000, neighbours(1)],
      ]).filter((line) => line.includes('provide')),
    ).toEqual(['2000 provide any', '12000 provide any', '22000 provide any'])
  })

  it('tells a new neighbour at once, and again when its streams are open', () => {
    expect(
      history([
        [0, { type: 'self-changed', classes: ['any'] }],
        [0, { type: 'joined' }],
        [2_000, passed],
        [5_000, { type: 'neighbours', count: 1 }],
        [5_900, passed],
        [6_000, passed],
        [7_000, passed],
      ]).filter((line) => line.includes('gossip')),
    ).toEqual(['0 gossip', '5000 gossip', '6000 gossip'])
  })

  it('tells a new neighbour twice also when the first time had to wait', () => {
    expect(
      history([
        [0, { type: 'self-changed', classes: ['any'] }],
        [0, { type: 'joined' }],
        [900, { type: 'neighbours', count: 1 }],
        [1_000, passed],
        [1_900, passed],
        [2_000, passed],
        [3_000, passed],
      ]).filter((line) => line.includes('gossip')),
    ).toEqual(['0 gossip', '1000 gossip', '2000 gossip'])
  })

  it('keeps the newest record of each device until it ends', () => {
    expect(
      history([
        [0, { type: 'joined' }],
        [1, heard('a', 5)],
        [2, heard('a', 4)],
        [3, heard('a', 5)],
        [4, heard('a', 6, 30_000)],
        [5, heard('b', 1, 0)],
        [30_003, passed],
        [30_004, passed],
      ]).filter((line) => !line.includes('gossip') && !line.includes('store')),
    ).toEqual(['1 changed a', '4 changed a', '30004 expired a'])
    const directory = machine()
    history(
      [
        [0, { type: 'joined' }],
        [1, heard('a')],
        [2, heard('b')],
      ],
      directory,
    )
    expect(directory.encodedRecords()).toEqual([utf8('a'), utf8('b')])
  })

  it('gives up the record that ends first when it is full', () => {
    const directory = machine()
    directory.handle({ type: 'joined' }, 0)
    for (let index = 0; index < DIRECTORY_RECORDS_MAX; index++) {
      directory.handle(heard(`peer ${index}`, 1, 60_000 - index), 0)
    }
    const outputs = directory.handle(heard('one more'), 0)
    expect(outputs[0]).toEqual({ type: 'expired', peer: `peer ${DIRECTORY_RECORDS_MAX - 1}` })
    expect(directory.size).toBe(DIRECTORY_RECORDS_MAX)
  })

  it('speaks within every heartbeat and never twice within the least time, whatever happens', () => {
    const input = fc.oneof(
      fc.constant<DirectoryInput>({ type: 'self-changed', classes: ['any'] }),
      fc.nat(9).map((count): DirectoryInput => ({ type: 'neighbours', count })),
      fc.constantFrom('a', 'b').map((peer) => heard(peer)),
      fc.constant<TimePassed>(passed),
    )
    const steps = fc.array(fc.tuple(fc.nat(5_000), input), { maxLength: 60 })
    const holds = (moves: readonly (readonly [number, DirectoryInput | TimePassed])[]): boolean => {
      const directory = machine()
      const spoken: number[] = []
      let nowMs = 0
      const feed = (each: DirectoryInput | TimePassed): void => {
        if (directory.handle(each, nowMs).some(({ type }) => type === 'gossip')) spoken.push(nowMs)
      }
      feed({ type: 'joined' })
      for (const [waitMs, each] of moves) {
        const untilMs = nowMs + waitMs
        for (
          let at = directory.deadlineMs();
          at !== undefined && at <= untilMs;
          at = directory.deadlineMs()
        ) {
          nowMs = at
          feed(passed)
        }
        nowMs = untilMs
        feed(each)
      }
      const gaps = spoken.slice(1).map((atMs, index) => atMs - (spoken[index] ?? 0))
      return gaps.every((gapMs) => gapMs >= 1_000 && gapMs <= 10_000)
    }
    fc.assert(fc.property(steps, holds))
  })
})
