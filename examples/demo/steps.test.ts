import { expect, it } from 'vitest'
import { showRecoveries, type Stage } from './steps.ts'

function shown(): { readonly stage: Stage; readonly lines: string[] } {
  const lines: string[] = []
  const screen = { say: (line: string) => void lines.push(line) }
  return { stage: { screen, labelOf: () => 'B' } as unknown as Stage, lines }
}

it('takes it for a recovery when other copies did the rest', () => {
  const { stage, lines } = shown()
  showRecoveries(stage, [], { noun: 'lines', copies: true })
  expect(lines).toEqual(['recovered without a replacement: the other copies did the rest'])
})

it('misses a recovery where nothing but a replacement could have gone on', () => {
  const { stage } = shown()
  expect(() => showRecoveries(stage, [], { noun: 'tokens', copies: false })).toThrow(
    'expected the mesh to replace the killed stage',
  )
})
