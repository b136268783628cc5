/**
 * Where the API says how it is reached: two files in the state folder.
 *
 * `api.json` says where the API listens and is there while it does; `api.key`
 * holds the key, is made once, and only its owner may read it. This file has no
 * dependencies, so that a client starts fast.
 *
 * @module
 */

import { join } from 'node:path'

/** Content of `api.json`. */
export interface ApiConnection {
  /** `http://127.0.0.1:7433`, without a slash at the end. */
  readonly url: string
  /** Absolute path of the key. */
  readonly keyFile: string
  /** Process of the daemon. */
  readonly pid: number
}

/** Path of `api.json`. */
export function connectionFile(stateDir: string): string {
  return join(stateDir, 'api.json')
}

/** Path of `api.key`. */
export function keyFile(stateDir: string): string {
  return join(stateDir, 'api.key')
}
