import { describe, expect, it } from 'vitest'
import type { PlacementFailure } from './errors.ts'
import { PlacementError } from './errors.ts'
import type { PlacementCandidate, PlacementRequest, Plan } from './plan.ts'
import { candidate, layer, peer, randomRequest, request } from './placement-fixture.ts'
import { solvePlacement } from './solve.ts'

/** Devices and ranges: `a:0-4 b:4-8`. */
function shape({ stages }: Pick<Plan, 'stages'>): string {
  return stages
    .map(
      (stage) => `${stage.peer.replace('12D3Koo-device-', '')}:${stage.fromLayer}-${stage.toLayer}`,
    )
    .join(' ')
}

function failure(changes: Partial<PlacementRequest>): PlacementFailure | undefined {
  try {
    solvePlacement(request(changes))
    return undefined
  } catch (error) {
    return error instanceof PlacementError ? error.failure : undefined
  }
}

describe('placement', () => {
  it('takes one device when it holds the whole model', () => {
    const plan = solvePlacement(request())

    expect(shape(plan)).toBe('a:0-8')
    expect(plan.why).toEqual([
      'one device holds the whole model: 81.8 ms an input, no split is better',
      '77 MiB must be fetched first',
    ])
    expect(plan.predictedLatencyMs).toBeCloseTo(81.76)
    expect(plan.oneDevice?.faster).toBe(false)
  })

  it('predicts the time of each stage and hop', () => {
    const plan = solvePlacement(request({ stages: 2 }))

    expect(plan.stages).toEqual([
      {
        peer: peer('a'),
        fromLayer: 0,
        toLayer: 4,
        predictedMs: 40,
        weightBytes: 40e6,
        downloadBytes: 40e6,
        cutBytes: 10e3,
        sendMs: expect.closeTo(0.88) as number,
      },
      {
        peer: peer('b'),
        fromLayer: 4,
        toLayer: 8,
        predictedMs: 40,
        weightBytes: 40e6,
        downloadBytes: 40e6,
        cutBytes: 10e3,
        sendMs: expect.closeTo(0.88) as number,
      },
    ])
    expect(plan.predictedLatencyMs).toBeCloseTo(80 + 3 * 0.88)
    expect(plan.range.low).toBeLessThan(plan.predictedLatencyMs)
    expect(plan.range.high).toBeGreaterThan(plan.predictedLatencyMs)
  })

  it('says that one device would be faster when a split is asked for', () => {
    const plan = solvePlacement(request({ stages: 2 }))

    expect(plan.why[0]).toBe(
      'one device would be faster: …vice-a alone takes 81.8 ms an input, 12.2 inputs a second',
    )
    expect(plan.oneDevice).toMatchObject({ peer: peer('a'), faster: true })
  })

  it('counts tokens where a step makes one', () => {
    const asked = { stages: 2, unit: 'token' } as const

    expect(solvePlacement(request(asked)).why.slice(0, 2)).toEqual([
      'one device would be faster: …vice-a alone takes 81.8 ms a token, 12.2 tokens a second',
      expect.stringMatching(/^2 stages as asked for: .* ms a token$/),
    ])
  })

  it('calls devices by their names where they have some', () => {
    const candidates = [candidate('a', { name: 'cosy-fern' }), candidate('b')]

    expect(solvePlacement(request({ candidates, stages: 2 })).why[0]).toContain(
      'cosy-fern alone takes',
    )
  })

  it('predicts no less than a message to the executor takes', () => {
    const tiny = [layer({ flops: 10, weightBytes: 10, cutBytes: 10 })]
    const plan = solvePlacement(request({ layers: tiny, requester: peer('a') }))

    expect(plan).toMatchObject({ predictedLatencyMs: 0.1 })
    expect(plan.why).toEqual([
      'one device holds the whole model: 0.1 ms an input, no split is better',
      '1 KiB must be fetched first',
    ])
  })

  it('splits when no device has memory for the whole model', () => {
    const small = { memoryBytes: 50e6 }
    const candidates = [candidate('a', small), candidate('b', small), candidate('c', small)]
    const plan = solvePlacement(request({ candidates }))

    expect(plan.stages).toHaveLength(2)
    expect(plan.oneDevice).toBeUndefined()
    expect(plan.why[0]).toBe(
      '2 stages because the model needs 77 MiB and no device grants more than 48 MiB',
    )
  })

  it('counts the working memory of a stage and its process', () => {
    const layers = Array.from({ length: 8 }, () => layer({ workBytes: 5e6 }))
    const candidates = [candidate('a', { memoryBytes: 87e6 }), candidate('b')]
    const plan = solvePlacement(request({ layers, candidates, stageOverheadBytes: 3e6 }))

    expect(shape(plan)).toBe('b:0-8')
  })

  it('names a reason for each device that is not chosen', () => {
    const member = (name: string, changes: Partial<PlacementCandidate> = {}) =>
      candidate(name, { numericClass: 'c0', tier: 'tpm', ...changes })
    const candidates = [
      member('a'),
      member('slow', { gflopsPerS: 1 }),
      member('liar', { distrusted: true }),
      member('owner', { level: 0 }),
      member('tiny', { memoryBytes: 1e6 }),
      member('foreign', { numericClass: 'f0' }),
      member('banned'),
      candidate('new', { tier: 'self' }),
    ]
    const excluded = new Map([[peer('banned'), 'it left the mesh']])
    const plan = solvePlacement(
      request({ candidates, excluded, tierMin: 'tpm', numericClass: 'c0' }),
    )

    expect(shape(plan)).toBe('a:0-8')
    expect(plan.notChosen.map((entry) => [entry.peer.slice(15), entry.code, entry.reason])).toEqual(
      [
        ['liar', 'distrusted', 'its answers are not believed'],
        ['owner', 'level', 'its owner grants no computing time now'],
        ['tiny', 'memory', 'expected 10 MiB for the smallest layer, got 1 MiB'],
        ['foreign', 'class', 'it computes in another numeric class'],
        ['banned', 'excluded', 'it left the mesh'],
        ['new', 'tier', 'expected tier tpm by its evidence, got self'],
        [
          'slow',
          'slower',
          'the best plan with it comes to 179 ms an input, the chosen one to 86.6 ms',
        ],
      ],
    )
  })

  it('prefers the device that holds the tensors', () => {
    const heldBytes = Array.from({ length: 8 }, () => 10e6)
    const plan = solvePlacement(
      request({ candidates: [candidate('a'), candidate('b', { heldBytes })] }),
    )

    expect(shape(plan)).toBe('b:0-8')
    expect(plan.stages[0]?.downloadBytes).toBe(0)
  })

  it('keeps the plan that runs unless another one is clearly better', () => {
    const previous = solvePlacement(request()).stages
    const slightly = [candidate('a'), candidate('b', { gflopsPerS: 10.5 })]
    const clearly = [candidate('a'), candidate('b', { gflopsPerS: 20 })]

    expect(shape(solvePlacement(request({ candidates: slightly })))).toBe('b:0-8')
    expect(shape(solvePlacement(request({ candidates: slightly, previous })))).toBe('a:0-8')
    expect(shape(solvePlacement(request({ candidates: clearly, previous })))).toBe('b:0-8')
  })

  it('splits for throughput when many steps are under way', () => {
    const plan = solvePlacement(request({ objective: 'throughput', inFlight: 8 }))

    expect(shape(plan)).toBe('a:0-4 b:4-8')
    expect(plan.predictedPerS).toBeCloseTo(25)
    expect(plan.why[0]).toBe(
      '2 stages: 25 inputs a second against 12.5 inputs a second on …vice-a alone',
    )
  })

  it('prefers whole replicas to splits when several are wanted', () => {
    const plan = solvePlacement(request({ objective: 'throughput', inFlight: 8, replicas: 'auto' }))

    expect(plan.replicas.map((stages) => shape({ stages }))).toEqual(['a:0-8', 'b:0-8'])
    expect(plan.predictedPerS).toBeCloseTo(25)
  })

  it('runs replicas of splits where the model fits on no device', () => {
    const small = { memoryBytes: 50e6 }
    const candidates = ['a', 'b', 'c', 'd', 'e'].map((name) => candidate(name, small))
    const plan = solvePlacement(
      request({ candidates, objective: 'throughput', inFlight: 8, replicas: 2, stages: 2 }),
    )

    expect(plan.replicas.map((stages) => shape({ stages }))).toEqual(['a:0-4 b:4-8', 'c:0-4 d:4-8'])
  })

  it('spares the devices of whom work is asked already', () => {
    const candidates = [candidate('a', { stagesRunning: 1 }), candidate('b')]

    expect(shape(solvePlacement(request({ candidates })))).toBe('b:0-8')
  })

  it('takes of two devices the one whose owner stays until the end', () => {
    const leaves = { for5min: 0.75, for15min: 0.5, for60min: 0.25 }
    const stays = { for5min: 1, for15min: 1, for60min: 1 }
    const candidates = [candidate('a', { staying: leaves }), candidate('b', { staying: stays })]

    // 80 ms a step: a quarter of an hour.
    expect(shape(solvePlacement(request({ candidates, steps: 11_250 })))).toBe('b:0-8')
    // Of how long the job takes nothing is known: the first of equals.
    expect(shape(solvePlacement(request({ candidates })))).toBe('a:0-8')
  })

  it('lets a text begin on a device that is quick and leaves soon only where it is short', () => {
    const layers = Array.from({ length: 8 }, () => layer({ keptBytes: 1_000 }))
    const quick = { gflopsPerS: 11, staying: { for5min: 0.5, for15min: 0.25, for60min: 0.125 } }
    const candidates = [candidate('a', quick), candidate('b')]
    const placed = (steps: number) => shape(solvePlacement(request({ layers, candidates, steps })))

    expect(placed(50)).toBe('a:0-8')
    expect(placed(10_000)).toBe('b:0-8')
  })

  it('uses measured links between devices', () => {
    const small = { memoryBytes: 50e6 }
    const candidates = ['a', 'b', 'c'].map((name) => candidate(name, small))
    const links = [
      { from: peer('b'), to: peer('c'), delayMs: 0.1, mbps: 10_000 },
      { from: peer('a'), to: peer('b'), delayMs: 25, mbps: 10 },
    ]

    expect(shape(solvePlacement(request({ candidates, links })))).toBe('b:0-4 c:4-8')
  })

  it('places a model of many layers over many devices', () => {
    const plan = solvePlacement(randomRequest(3, { devices: 40, layers: 300 }))

    expect(plan.stages[0]?.fromLayer).toBe(0)
    expect(plan.stages.at(-1)?.toLayer).toBe(300)
    expect(plan.notChosen).toHaveLength(40 - plan.stages.length)
  })

  it('gives equal plans for equal requests', () => {
    const again = () => solvePlacement(randomRequest(11, { devices: 9, layers: 20 }))

    expect(again()).toEqual(again())
  })

  it('fails with a code when nobody may be chosen', () => {
    expect(failure({ candidates: [] })).toEqual({ code: 'PLACEMENT_NO_PEER', notChosen: [] })
    expect(
      failure({ candidates: [candidate('a', { tier: 'self' })], tierMin: 'tpm' }),
    ).toMatchObject({ code: 'PLACEMENT_TIER', tierMin: 'tpm', notChosen: [{ code: 'tier' }] })
    expect(failure({ candidates: [candidate('a', { distrusted: true })] })).toMatchObject({
      code: 'PLACEMENT_NO_PEER',
      notChosen: [{ peer: peer('a'), code: 'distrusted' }],
    })
  })

  it('fails with a code when the memory of all is not enough', () => {
    const candidates = [candidate('a', { memoryBytes: 30e6 }), candidate('b', { memoryBytes: 9e6 })]

    expect(failure({ candidates })).toMatchObject({
      code: 'PLACEMENT_MEMORY',
      neededBytes: 80e6,
      availableBytes: 30e6,
    })
  })

  it('fails with a code when more stages are asked for than there are devices', () => {
    expect(failure({ stages: 3 })).toEqual({ code: 'PLACEMENT_STAGES', stages: 3, stagesMax: 2 })
  })
})
