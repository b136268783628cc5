/**
 * Which execution provider runs a stage: the device's owner decides, then who asks.
 *
 * @module
 */

import { RuntimeError } from './errors.ts'
import type { Provider } from './provider.ts'

/**
 * The provider for a stage that was `asked` for on a device whose owner allows `own`.
 *
 * @throws {RuntimeError} RUNTIME_PROVIDER_UNAVAILABLE when the owner named another one.
 *
 * @example
 * ```ts
 * providerFor('auto', 'webgpu') // => 'webgpu'
 * providerFor('cpu', 'auto') // => 'cpu'
 * ```
 */
export function providerFor(asked: Provider | 'auto', own: Provider | 'auto'): Provider {
  if (own === 'auto') return asked === 'auto' ? 'cpu' : asked
  if (asked === 'auto' || asked === own) return own
  const detail = `the owner of this device lets stages use ${own} only`
  throw new RuntimeError({ code: 'RUNTIME_PROVIDER_UNAVAILABLE', provider: asked, detail })
}
