/**
 * Names of models on a hub, as people write them.
 *
 * @module
 */

import { HubError } from './errors.ts'

export interface HubRef {
  /** `OWNER/NAME`. */
  readonly repository: string
  /** A file of it, or undefined when the repository is meant. */
  readonly file: string | undefined
  /** Branch, tag or commit. */
  readonly revision: string
}

const PREFIX = 'hf:'
const REF_CHARACTERS_MAX = 512
const REVISION = 'main'

/** True for what is to be fetched from a hub. */
export function isHubRef(text: string): boolean {
  return text.startsWith(PREFIX)
}

/**
 * Reads `hf:OWNER/NAME[/FILE][@REVISION]`.
 *
 * @example
 * ```ts
 * hubRefOf('hf:a/b') // => { repository: 'a/b', file: undefined, revision: 'main' }
 * hubRefOf('hf:a/b/c/d.gguf@v1') // => { repository: 'a/b', file: 'c/d.gguf', revision: 'v1' }
 * ```
 *
 * @throws {HubError} HUB_REF_INVALID.
 */
export function hubRefOf(text: string): HubRef {
  const [, path = '', revision = REVISION] =
    /^hf:([^@]+)(?:@([^@]+))?$/.exec(text.slice(0, REF_CHARACTERS_MAX)) ?? []
  const [owner = '', name = '', ...file] = path.split('/')
  const names = [owner, name, ...file, ...revision.split('/')]
  if (text.length > REF_CHARACTERS_MAX || !names.every(isPlainName)) {
    throw new HubError({ code: 'HUB_REF_INVALID' })
  }
  return {
    repository: `${owner}/${name}`,
    file: file.length === 0 ? undefined : file.join('/'),
    revision,
  }
}

/** True for one step of a path that stays below where it begins, on every system. */
export function isPlainName(name: string): boolean {
  return /^[A-Za-z0-9_][A-Za-z0-9_.+ -]{0,254}$/.test(name) && !/[ .]$/.test(name)
}
