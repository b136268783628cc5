import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../../core/ids.ts'
import { SILENT_LOGGER } from '../../../core/logger.ts'
import { planOn } from '../../../test/fixtures/job-parts.ts'
import type { LostPlace } from './replacement-tries.ts'
import { ReplacementSearch } from './replacement-search.ts'

const [a, b, gone] = ['a', 'b', 'gone'] as [PeerId, PeerId, PeerId]

/** What the planner is asked, and what it answers. */
function setup(answer: () => PeerId | undefined = () => undefined) {
  const asked: (readonly PeerId[])[] = []
  const places: LostPlace[] = []
  const told: string[] = []
  const search = new ReplacementSearch({
    logger: SILENT_LOGGER,
    planner: {
      qualify: async () => undefined,
      replacement: (_planned, place) => {
        places.push(place)
        asked.push(place.again)
        return answer()
      },
      noteLost: ({ peer, code }) => told.push(`${peer}: ${code}`),
      forgive: (peer) => told.push(`${peer}: forgiven`),
    },
    nameOf: (peer) => `device ${peer}`,
    reachable: (peer) => peer !== gone,
  })
  const find = (excluded: readonly PeerId[], code: Parameters<typeof search.find>[2]['code']) =>
    search.find(planOn([], 1), [], { stage: 0, excluded, code })
  return { search, asked, told, find, places }
}

describe('replacement search', () => {
  it('asks a device again that failed and is still there', async () => {
    const { asked, find } = setup(() => a)
    expect(await find([gone, a], 'INFERENCE_EXECUTOR_DIED')).toBe(a)
    expect(asked).toEqual([[a]])
  })

  it.each([
    'INFERENCE_COMPLAINT_UNFOUNDED',
    'INFERENCE_OPEN_REFUSED',
    'INFERENCE_SELF_TEST_FAILED',
    'INFERENCE_STAGE_LEAVING',
    'INFERENCE_TOO_LARGE',
  ] as const)('asks a device never again that was lost by %s', async (code) => {
    const { asked, find } = setup()
    await find([b, a], code)
    await find([a, b], 'INFERENCE_LINK_LOST')
    expect(asked).toEqual([[b], [b]])
  })

  it('tells who computes a stage in another class than it was begun in', async () => {
    const { find, places } = setup()
    await find([a], 'INFERENCE_CLASS_OTHER')
    await find([a, b], 'INFERENCE_LINK_LOST')
    expect(places.map(({ ofOtherClass }) => ofOtherClass)).toEqual([[a], [a]])
  })

  it('asks a device again of which one other complained, and not when two did', async () => {
    const { asked, find } = setup()
    await find([b, a], 'INFERENCE_CUT_INVALID')
    await find([b, a], 'INFERENCE_CUT_INVALID')
    expect(asked).toEqual([[b, a], [b]])
  })

  it('asks a device again that had no memory left, and not when it is so again', async () => {
    const { asked, find } = setup()
    await find([b, a], 'INFERENCE_MEMORY')
    await find([a, b], 'INFERENCE_LINK_LOST')
    await find([b, a], 'INFERENCE_MEMORY')
    expect(asked).toEqual([[b, a], [a, b], [b]])
  })

  it('asks a device again that was cleared', async () => {
    const { search, asked, told, find } = setup()
    await find([b, a], 'INFERENCE_COMPLAINT_UNFOUNDED')
    expect(search.clear(a)).toBe('device a was replaced, but is not to blame')
    expect(told).toEqual(['a: INFERENCE_COMPLAINT_UNFOUNDED', 'a: forgiven'])
    await find([a, b], 'INFERENCE_CUT_INVALID')
    search.clear(b)
    await find([a, b], 'INFERENCE_CUT_INVALID')
    expect(asked).toEqual([[b], [a, b], [a, b]])
  })

  it('finds nobody when the planner fails', async () => {
    const { find } = setup(() => {
      throw new Error('no')
    })
    expect(await find([a], 'INFERENCE_LINK_LOST')).toBe(undefined)
  })
})
