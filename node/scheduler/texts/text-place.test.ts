import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { doublingModel } from '../../../test/fixtures/job-parts.ts'
import type { PlanWish } from '../jobs/plan-wish.ts'
import type { Planned } from '../jobs/planner.ts'
import { PlacementError } from '../placement/errors.ts'
import { placeText } from './text-place.ts'
import { textWish } from './text-wish.ts'

const [A, B] = ['a', 'b'] as [PeerId, PeerId]
const model = doublingModel(4)
const wish = textWish(model, { stages: 1, wire: 'auto', provider: 'auto' }, 100)

/** A planner that knows two devices, of which the second takes so much longer. */
function planner(otherMs: number) {
  return {
    plan: (_model: unknown, { avoid, cuts }: PlanWish): Planned => {
      if (cuts?.length === 0) return { plan: { stages: [{ peer: B }] } } as never
      if (cuts !== undefined) throw new PlacementError({ code: 'PLACEMENT_NO_PEER', notChosen: [] })
      const peer = [A, B].find((each) => avoid?.has(each) !== true)
      if (peer === undefined) throw new PlacementError({ code: 'PLACEMENT_NO_PEER', notChosen: [] })
      const predictedLatencyMs = peer === A ? 10 : otherMs
      return { plan: { stages: [{ peer }], predictedLatencyMs } } as never
    },
  }
}

function placeOf(otherMs: number, full: readonly PeerId[]) {
  const { planned, isDetour } = placeText(planner(otherMs), {
    model,
    wish,
    full: new Set(full),
    cuts: undefined,
  })
  return [planned.plan.stages[0]?.peer, isDetour]
}

describe('one more text', () => {
  it('goes to the best place while that has room', () => {
    expect(placeOf(11, [])).toEqual([A, false])
    expect(placeOf(11, [B])).toEqual([A, false])
  })

  it('goes elsewhere when it is full, unless that is far slower or full as well', () => {
    expect(placeOf(39, [A])).toEqual([B, true])
    expect(placeOf(41, [A])).toEqual([A, false])
    expect(placeOf(11, [A, B])).toEqual([A, false])
  })
})

describe('a text that is taken up again', () => {
  const place = (cuts: readonly number[]) =>
    placeText(planner(11), { model, wish, full: new Set(), cuts }).planned.plan.stages[0]?.peer

  it('is cut as it was before, on whichever devices', () => {
    expect(place([])).toBe(B)
  })

  it('is cut otherwise where that has no place any more', () => {
    expect(place([2])).toBe(A)
  })
})
