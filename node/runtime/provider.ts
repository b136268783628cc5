/**
 * Execution providers: what may run a model on a device, by the names that people type.
 *
 * @module
 */

export const PROVIDERS = ['cpu', 'webgpu', 'cuda', 'coreml', 'directml'] as const

export type Provider = (typeof PROVIDERS)[number]

/** Whether a provider runs on this device, and if not, why not. */
export interface ProviderReport {
  readonly name: Provider
  readonly available: boolean
  /** Why it is not available, without a full stop. */
  readonly reason?: string
  /** The accelerator behind it, as its driver names it. */
  readonly adapter?: string
  /** True when the adapter is a program, not hardware. */
  readonly software?: boolean
}

/** What onnxruntime calls a provider. */
export const ORT_PROVIDER_NAMES: Readonly<Record<Provider, string>> = {
  cpu: 'cpu',
  webgpu: 'webgpu',
  cuda: 'cuda',
  coreml: 'coreml',
  directml: 'dml',
}
