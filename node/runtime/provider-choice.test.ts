import { describe, expect, it } from 'vitest'
import { providerFor } from './provider-choice.ts'

describe('provider choice', () => {
  it.each([
    ['auto', 'auto', 'cpu'],
    ['webgpu', 'auto', 'webgpu'],
    ['auto', 'webgpu', 'webgpu'],
    ['cpu', 'cpu', 'cpu'],
  ] as const)('gives who asks for %s, where %s is set, %s', (asked, own, given) => {
    expect(providerFor(asked, own)).toBe(given)
  })

  it('lets nobody use what the owner did not name', () => {
    expect(() => providerFor('webgpu', 'cpu')).toThrow(
      expect.objectContaining({ code: 'RUNTIME_PROVIDER_UNAVAILABLE' }),
    )
  })
})
