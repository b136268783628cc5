/**
 * The roots that evidence may lead to, by kind. What is not in here is trusted by nobody.
 *
 * @module
 */

import type { Certificate } from '../x509/certificate.ts'
import type { Anchor } from '../x509/path.ts'
import { NITRO_ROOTS } from './amazon.ts'
import { AMD_INTERMEDIATES } from './amd-intermediates.ts'
import { AMD_ROOTS } from './amd-roots.ts'
import { APPLE_ROOTS } from './apple.ts'
import { ANDROID_ROOTS } from './google.ts'
import { INTEL_ROOTS } from './intel.ts'
import { pinned } from './pinned-certificate.ts'
import { TPM_INTERMEDIATES, TPM_ROOTS } from './tpm.ts'

/** What a root vouches for. */
export type AnchorUse = 'amd' | 'android' | 'apple' | 'intel' | 'nitro' | 'tpm'

export interface AnchorSet {
  readonly roots: Readonly<Record<AnchorUse, readonly Anchor[]>>
  /** Issuers that evidence need not bring along. They are hints: checked, never trusted. */
  readonly intermediates: readonly Certificate[]
}

let shipped: AnchorSet | undefined

/** The roots that come with Brume. Parsed once. */
export function shippedAnchors(): AnchorSet {
  shipped ??= {
    roots: {
      amd: AMD_ROOTS.map(pinned),
      android: ANDROID_ROOTS.map(pinned),
      apple: APPLE_ROOTS.map(pinned),
      intel: INTEL_ROOTS.map(pinned),
      nitro: NITRO_ROOTS.map(pinned),
      tpm: TPM_ROOTS.map(pinned),
    },
    intermediates: [...AMD_INTERMEDIATES, ...TPM_INTERMEDIATES].map(
      (one) => pinned(one).certificate,
    ),
  }
  return shipped
}

/** `set` with more roots for one use, such as the CA of a test. */
export function withRoots(set: AnchorSet, use: AnchorUse, roots: readonly Anchor[]): AnchorSet {
  return { ...set, roots: { ...set.roots, [use]: [...set.roots[use], ...roots] } }
}
