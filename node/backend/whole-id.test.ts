import { expect, it } from 'vitest'
import { wholeId } from './whole-id.ts'

const known = [{ id: 'abcd1234' }, { id: 'abcd5678' }, { id: 'ef012345' }]

it('finds the one id that begins so', () => {
  expect(wholeId('abcd1', known)).toBe('abcd1234')
  expect(wholeId('ef01', known)).toBe('ef012345')
})

it('leaves what is too short, means several or means none', () => {
  for (const text of ['ef0', 'abcd', 'beef']) expect(wholeId(text, known)).toBe(text)
})
