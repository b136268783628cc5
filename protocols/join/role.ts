/**
 * What a member may do, from least to most.
 *
 * @module
 */

/**
 * `observer` looks on: it knows who is there, and may fetch models. `submitter` may also open
 * stages on others. `worker` also has stages opened on it. The side that serves decides.
 */
export type Role = 'observer' | 'submitter' | 'worker'

/** Every role, from least to most. */
export const ROLES: readonly Role[] = ['observer', 'submitter', 'worker']

/**
 * True when `holder` may do all that `other` may.
 *
 * @example
 * ```ts
 * roleCovers('worker', 'observer') // => true
 * roleCovers('observer', 'submitter') // => false
 * ```
 */
export function roleCovers(holder: Role, other: Role): boolean {
  return ROLES.indexOf(holder) >= ROLES.indexOf(other)
}
