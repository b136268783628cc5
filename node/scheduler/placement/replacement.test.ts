import { describe, expect, it } from 'vitest'
import { candidate, peer, request } from './placement-fixture.ts'
import { chooseReplacement, type ReplacementChoice } from './replacement.ts'
import { solvePlacement } from './solve.ts'

const candidates = ['a', 'b', 'c', 'd'].map((name) => candidate(name, { memoryBytes: 50e6 }))
const { stages } = solvePlacement(request({ candidates }))

/** Peers of the pipeline after the choice. */
function peers(choice: ReplacementChoice): string[] | undefined {
  if (choice.type === 'none') return undefined
  return choice.replacement.stages.map((stage) => stage.peer.slice(15))
}

describe('replacement', () => {
  it('puts the lost layers on the device that is ready first', () => {
    const heldBytes = Array.from({ length: 8 }, () => 10e6)
    const holds = candidates.map((entry) =>
      entry.peer === peer('d') ? { ...entry, heldBytes } : entry,
    )
    const choice = chooseReplacement({
      request: request({ candidates: holds }),
      stages,
      stageIndex: 1,
      excluded: new Set([peer('b')]),
    })

    expect(peers(choice)).toEqual(['a', 'd'])
    expect(choice).toMatchObject({
      replacement: { stage: { fromLayer: 4, toLayer: 8, downloadBytes: 0 }, downloadMs: 0 },
    })
  })

  it('gives a device a second stage when nobody else is left and memory allows', () => {
    const left = [candidate('a', { memoryBytes: 90e6 })]
    const choice = chooseReplacement({
      request: request({ candidates: left }),
      stages,
      stageIndex: 1,
      excluded: new Set([peer('b')]),
    })

    expect(peers(choice)).toEqual(['a', 'a'])
  })

  it('says for each device why none can take over', () => {
    const choice = chooseReplacement({
      request: request({ candidates: candidates.slice(0, 2) }),
      stages,
      stageIndex: 1,
      excluded: new Set([peer('b')]),
    })

    expect(choice).toEqual({
      type: 'none',
      notChosen: [
        {
          peer: peer('a'),
          code: 'memory',
          reason: 'expected 80000000 bytes of memory, got 50000000',
        },
        { peer: peer('b'), code: 'excluded', reason: 'it lost this stage' },
      ],
    })
  })
})
