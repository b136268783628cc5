import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import type { Role } from '../../protocols/join/index.ts'
import { mayOpenStages } from './role-rules.ts'

const [self, other, stranger] = ['self', 'other', 'stranger'] as [PeerId, PeerId, PeerId]

function roles(own: Role | undefined, its: Role) {
  return {
    current: () => (own === undefined ? undefined : { role: own }),
    members: () => [{ peer: other, role: its }],
  }
}

describe('role rules', () => {
  it.each([
    ['worker', 'worker', true],
    ['worker', 'submitter', true],
    ['worker', 'observer', false],
    ['submitter', 'worker', false],
    ['observer', 'worker', false],
    [undefined, 'worker', false],
  ] as const)('at a %s a %s may open stages: %s', (own, its, allowed) => {
    expect(mayOpenStages(roles(own, its), other, self)).toBe(allowed)
  })

  it('lets every device work for itself, and no stranger', () => {
    const observer = roles('observer', 'worker')
    const worker = roles('worker', 'worker')
    expect([
      mayOpenStages(observer, self, self),
      mayOpenStages(roles(undefined, 'worker'), self, self),
      mayOpenStages(worker, stranger, self),
    ]).toEqual([true, true, false])
  })
})
