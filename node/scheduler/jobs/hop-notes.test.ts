import { expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { floats } from '../../../test/fixtures/stage-executors.ts'
import { noteFirstRows, noteHops } from './hop-notes.ts'
import { StageRecord, type HopRecord } from './job-record.ts'
import { LinkTable } from './link-table.ts'
import { Samples } from './samples.ts'

function pipeline() {
  const stages = [0, 1].map(
    (index) =>
      new StageRecord(
        {
          replica: 0,
          index,
          fromLayer: index,
          toLayer: index + 1,
          provider: 'cpu',
          weightBytes: 1,
          cutBytes: 100,
        },
        `peer${index}` as PeerId,
        'name',
      ),
  )
  const hops: HopRecord[] = [0, 1, 2].map((hop) => ({
    replica: 0,
    from: `${hop - 1}`,
    to: `${hop}`,
    ms: new Samples(),
    bytes: new Samples(),
  }))
  return { stages, hops }
}

const hop = { arrivedMs: 0, heldUs: 9_000, queueUs: 1_000, computeUs: 8_000 }
const self = 'self' as PeerId
const output = { request: 0, hops: [hop, hop], tensors: floats(1, 2), leaf: new Uint8Array(8) }

it('adds an output to the stages and links that it came through', () => {
  const table = new LinkTable(self)
  const { stages, hops } = pipeline()
  noteHops(
    { stages, hops },
    { output, transfersMs: [3, undefined, 5], inputBytes: 40 },
    { table, self },
  )

  expect(stages.map((stage) => stage.show())).toMatchObject([
    { steps: 1, computeMs: 8, transferMs: 3, bytesIn: 40, bytesOut: 100 },
    { steps: 1, computeMs: 8, bytesIn: 100, bytesOut: 8 },
  ])
  expect(hops.map(({ ms, bytes }) => [ms.quantile(0.5), bytes.quantile(0.5)])).toEqual([
    [3, 40],
    [undefined, undefined],
    [5, 8],
  ])
  expect(table.measured().map(({ from, to }) => `${from} ${to}`)).toEqual([
    'self peer0',
    'peer1 self',
  ])
  expect([0, 1].map((index) => Math.round(table.estimate(`peer${index}` as PeerId).rttMs))).toEqual(
    [6, 10],
  )
})

it('ignores hops of stages that there are not', () => {
  const { stages, hops } = pipeline()
  const more = { ...output, hops: Array.from({ length: 16 }, () => hop) }
  const transfersMs = Array.from({ length: 17 }, () => 1)
  noteHops({ stages, hops }, { output: more, transfersMs, inputBytes: 1 }, undefined)
  expect(stages.map(({ compute }) => compute.count)).toEqual([1, 1])
})

it('learns the rate of each link from the first rows of a text, with the delay from single ones', () => {
  const table = new LinkTable(self)
  const { stages, hops } = pipeline()
  for (let step = 0; step < 50; step++) {
    const note = { output, transfersMs: [1, 2, 3], inputBytes: 40 }
    noteHops({ stages, hops }, note, { table, self })
  }
  const first = { output, transfersMs: [1, 2 + 8, 3], inputBytes: 400, rows: 1_000 }
  noteFirstRows(stages, first, { table, self })
  const between = table.measured().find(({ from, to }) => from === 'peer0' && to === 'peer1')
  expect([between?.delayMs, between?.mbps].map((each) => Math.round(each ?? 0))).toEqual([2, 100])
})
