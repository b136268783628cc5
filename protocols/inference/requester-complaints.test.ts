import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { Session, tensors, types } from '../../test/fixtures/requester-session.ts'
import { READY } from '../../test/fixtures/session-records.ts'

describe('when a stage cannot use what the one before sent', () => {
  const complain = (session: Session, epoch: number, beforeEpoch: number, request?: number) =>
    session.hear(1, epoch, {
      type: 'fault',
      record: { code: 'INFERENCE_CUT_INVALID', request, nextEpoch: undefined, beforeEpoch },
    })
  /** Has `peer` take a stage that was lost. */
  const take = (session: Session, stage: number, peer: string, epoch: number) => {
    session.handle({ type: 'replacement', stage, peer: peer as PeerId })
    return session.hear(stage, epoch, { type: 'ready', record: READY })
  }

  it('replaces the one before, and goes on with the other', () => {
    const session = new Session().ready()
    expect(complain(session, 0, 0)).toEqual([
      { type: 'drop', stage: 0, epoch: 0 },
      { type: 'replace', stage: 0, excluded: ['a'], code: 'INFERENCE_CUT_INVALID' },
    ])
    expect(types(take(session, 0, 'c', 1))).toContain('recovered')
    expect(complain(session, 0, 0), 'of one that is gone').toEqual([])
  })

  it('replaces who complains of a second one, and clears the first', () => {
    const session = new Session().ready()
    complain(session, 0, 0)
    take(session, 0, 'c', 1)
    expect(complain(session, 0, 1)).toEqual([
      { type: 'cleared', stage: 0, peer: 'a' },
      { type: 'drop', stage: 1, epoch: 0 },
      { type: 'replace', stage: 1, excluded: ['b'], code: 'INFERENCE_COMPLAINT_UNFOUNDED' },
    ])
    take(session, 1, 'd', 2)
    session.handle({ type: 'lost', stage: 0, epoch: 1, code: 'INFERENCE_LINK_LOST' })
    expect(session.handle({ type: 'replacement', stage: 0, peer: 'a' as PeerId })).toMatchObject([
      { type: 'open', peer: 'a' },
    ])
  })

  it('blames the request on which whoever holds the two stages disagrees', () => {
    const session = new Session({ recoveriesMax: 9 }).ready()
    session.handle({ type: 'submit', request: 0, tensors })
    const epochs = [0, 0]
    for (let epoch = 1; epoch <= 8; epoch++) {
      const [, lost] = complain(session, epochs[1] ?? 0, epochs[0] ?? 0, 0).slice(-2)
      const stage = lost?.type === 'replace' ? lost.stage : 0
      epochs[stage] = epoch
      take(session, stage, `taker ${epoch}`, epoch)
    }
    expect(complain(session, epochs[1] ?? 0, epochs[0] ?? 0, 0).at(-1)).toEqual({
      type: 'failed',
      code: 'INFERENCE_CUT_INVALID',
      stage: 1,
      request: 0,
    })
  })

  it.each(['INFERENCE_RUN_FAILED', 'INFERENCE_NOT_FINITE'] as const)(
    'replaces the one before when two devices failed on what it sent, and clears them: %s',
    (code) => {
      const session = new Session().ready()
      expect(types(session.fault(1, 0, code))).toEqual(['drop', 'replace'])
      take(session, 1, 'c', 1)
      expect(session.fault(1, 1, code).slice(1)).toEqual([
        { type: 'replace', stage: 1, excluded: ['b', 'c'], code },
        { type: 'cleared', stage: 1, peer: 'b' },
        { type: 'cleared', stage: 1, peer: 'c' },
        { type: 'drop', stage: 0, epoch: 0 },
        { type: 'replace', stage: 0, excluded: ['a'], code: 'INFERENCE_CUT_INVALID' },
      ])
    },
  )

  it('heeds no first stage that complains, and no epoch that nobody has', () => {
    const session = new Session().ready()
    const fault = { code: 'INFERENCE_CUT_INVALID', request: 0, nextEpoch: undefined } as const
    const said = { type: 'fault', record: { ...fault, beforeEpoch: 0 } } as const
    expect(session.hear(0, 0, said)).toEqual([])
    expect(complain(session, 0, 7)).toEqual([])
  })
})
