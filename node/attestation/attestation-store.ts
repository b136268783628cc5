/**
 * What attestation keeps over restarts.
 *
 * @module
 */

/** The part of the state store that it needs; keys begin with `attestation/`. */
export interface AttestationStore {
  get(key: string): Promise<Uint8Array | undefined>
  put(key: string, value: Uint8Array): Promise<void>
  del(key: string): Promise<void>
  /** The first `limit` entries whose keys begin with `prefix`. */
  entries(
    prefix: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]>
}
