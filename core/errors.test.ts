import { expect, it } from 'vitest'
import { CodedError, errorCode } from './errors.ts'

type KettleFailure = { readonly code: 'KETTLE_EMPTY'; readonly litres: number }

class KettleError extends CodedError<KettleFailure> {}

it('carries its code, its facts, its cause and the name of its class', () => {
  const cause = new Error('tap closed')
  const error = new KettleError({ code: 'KETTLE_EMPTY', litres: 0 }, 'no water', { cause })
  expect(error).toMatchObject({
    name: 'KettleError',
    code: 'KETTLE_EMPTY',
    failure: { code: 'KETTLE_EMPTY', litres: 0 },
    message: 'no water',
    cause,
  })
})

it('tells our errors from those of others', () => {
  expect(errorCode(new KettleError({ code: 'KETTLE_EMPTY', litres: 0 }, 'no water'))).toBe(
    'KETTLE_EMPTY',
  )
  expect(errorCode(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBeUndefined()
  expect(errorCode(undefined)).toBeUndefined()
})
