import { expect, it } from 'vitest'
import { tableLines } from './table.ts'

const COLUMNS = [
  { title: 'device' },
  { title: 'peer', spare: 2 },
  { title: 'cores', align: 'right', spare: 1 },
  { title: 'state' },
] as const
const ROWS = [['cosy-fern', '12D3…', '16', 'ready']]

it('shows all columns where there is room, or no limit', () => {
  const whole = ['device     peer   cores  state', 'cosy-fern  12D3…     16  ready']

  expect(tableLines(COLUMNS, ROWS)).toEqual(whole)
  expect(tableLines(COLUMNS, ROWS, 30)).toEqual(whole)
})

it('leaves spare columns out until the lines fit, and keeps the others', () => {
  expect(tableLines(COLUMNS, ROWS, 29)).toEqual([
    'device     cores  state',
    'cosy-fern     16  ready',
  ])
  expect(tableLines(COLUMNS, ROWS, 5)).toEqual(['device     state', 'cosy-fern  ready'])
})
