/**
 * Who may ask at all: whoever addresses this daemon by number, and holds the key.
 *
 * @module
 */

import { isIP } from 'node:net'
import { ApiError } from './errors.ts'
import { keyMatches } from './connection-file.ts'

/** The part of a request's head that decides. */
export interface RequestHead {
  readonly host: string | undefined
  readonly authorization: string | undefined
}

/**
 * Lets a request through or throws.
 *
 * A web page can point a name of its own at 127.0.0.1 and so reach this port with the
 * browser's blessing (DNS rebinding), but it cannot do so with a number: only numbers and
 * `localhost` are taken as Host.
 *
 * @throws {ApiError} `API_HOST_REFUSED` or `API_UNAUTHORISED`.
 */
export function guard(head: RequestHead, key: string): void {
  if (!hostAllowed(head.host)) throw new ApiError({ code: 'API_HOST_REFUSED' })
  const given = /^Bearer ([\x21-\x7e]{1,256})$/i.exec(head.authorization ?? '')?.[1]
  if (given === undefined || !keyMatches(given, key)) {
    throw new ApiError({ code: 'API_UNAUTHORISED' })
  }
}

function hostAllowed(host: string | undefined): boolean {
  const name = host?.replace(/:\d{1,5}$/, '').replace(/^\[(.*)\]$/, '$1')
  return name !== undefined && (name.toLowerCase() === 'localhost' || isIP(name) !== 0)
}
