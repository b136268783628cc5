/**
 * The HTTP interface of a hub (Hugging Face's Hub API): what a repository holds, and its files from any byte on.
 *
 * @module
 */

import { HubError } from './errors.ts'
import type { HubRef } from './hub-ref.ts'
import { isPlainName } from './hub-ref.ts'

/** A file of a repository. */
export interface HubFile {
  /** From the root of the repository, with `/`. */
  readonly path: string
  readonly bytes: number
  /** Its SHA-256, or the SHA-1 that Git gives it, in hexadecimal. */
  readonly hash: FileHash
}

export interface FileHash {
  readonly kind: 'sha256' | 'git-sha1'
  readonly hex: string
}

/** A repository at one commit. */
export interface HubListing {
  readonly commit: string
  readonly files: readonly HubFile[]
  /** As its page states it. */
  readonly licence: string | undefined
}

export interface HubClientInit {
  /** Address of the hub, without a slash at the end. */
  readonly endpoint: string
  /** Sent to that address and to no other. */
  readonly token: string | undefined
  /** How long nothing may come, in ms. */
  readonly silenceMs: number
}

interface HubRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  /** Of the file that is asked for: the hub repeats that of a large one before it redirects. */
  readonly hash: FileHash | undefined
}

/** Bytes of a listing: 10,000 files take some 3 MB. */
const LISTING_BYTES_MAX = 16 * 2 ** 20
const FILES_MAX = 20_000
const FILE_BYTES_MAX = 2 ** 43
const REDIRECTS_MAX = 5
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export class HubClient {
  readonly #init: HubClientInit

  constructor(init: HubClientInit) {
    this.#init = init
  }

  get endpoint(): string {
    return this.#init.endpoint
  }

  /** @throws {HubError} */
  async listing({ repository, revision }: HubRef, signal: AbortSignal): Promise<HubListing> {
    const at = encodeURIComponent(revision)
    const path = `/api/models/${repository}/revision/${at}?blobs=true`
    const response = await this.#request({ path, headers: {}, hash: undefined }, signal)
    if (response.status !== 200) {
      await response.body?.cancel()
      throw refusalOf(response, 'the repository')
    }
    return listingOf(parsed(await this.#limitedText(response, signal)))
  }

  /** The answer to a request for a file from byte `from` on; its status says what came of it. */
  async file(
    { repository }: HubRef,
    commit: string,
    { file, from }: { readonly file: HubFile; readonly from: number },
    signal: AbortSignal,
  ): Promise<Response> {
    const steps = file.path.split('/').map(encodeURIComponent).join('/')
    const headers: Record<string, string> = from === 0 ? {} : { range: `bytes=${from}-` }
    const path = `/${repository}/resolve/${commit}/${steps}`
    return this.#request({ path, headers, hash: file.hash }, signal)
  }

  /** The body, piece by piece. @throws {HubError} HUB_UNREACHABLE when it breaks off or nothing comes for too long. */
  async *chunks(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const reader = response.body?.getReader()
    if (reader === undefined) return
    try {
      for (;;) {
        const { done, value } = await this.#spoken(reader.read(), signal)
        if (done) return
        yield value
      }
    } finally {
      // It may be broken already: then there is nothing to cancel.
      await reader.cancel().catch(() => undefined)
    }
  }

  async #limitedText(response: Response, signal: AbortSignal): Promise<string> {
    const parts: Uint8Array[] = []
    let bytes = 0
    for await (const part of this.chunks(response, signal)) {
      bytes += part.length
      if (bytes > LISTING_BYTES_MAX) throw faulty(`a list of at most ${LISTING_BYTES_MAX} bytes`)
      parts.push(part)
    }
    return Buffer.concat(parts).toString()
  }

  async #spoken<T>(next: Promise<T>, signal: AbortSignal): Promise<T> {
    const { promise: silence, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error('silence')), this.#init.silenceMs)
    try {
      return await Promise.race([next, silence])
    } catch (error) {
      signal.throwIfAborted()
      throw this.#unreachable(error)
    } finally {
      clearTimeout(timer)
    }
  }

  #unreachable(cause: unknown): HubError {
    return new HubError({ code: 'HUB_UNREACHABLE', endpoint: this.endpoint }, { cause })
  }

  /** Follows redirects; the token goes only to the hub itself, never to where it stores its files. */
  async #request({ path, headers, hash }: HubRequest, signal: AbortSignal): Promise<Response> {
    const { endpoint, token } = this.#init
    let url = new URL(`${endpoint}${path}`)
    const { origin } = url
    for (let redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
      const known = token !== undefined && url.origin === origin
      const secret = known ? { authorization: `Bearer ${token}` } : {}
      const response = await this.#ask(url, { ...headers, ...secret }, signal)
      if (announcesOther(response, hash)) {
        await response.body?.cancel()
        throw faulty('the file that it listed')
      }
      if (!REDIRECTS.has(response.status)) return response
      await response.body?.cancel()
      const next = redirectOf(response, url)
      if (next === undefined) break
      url = next
    }
    throw faulty('a redirect that leads somewhere')
  }

  async #ask(
    url: URL,
    headers: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Response> {
    const { silenceMs } = this.#init
    const silence = new AbortController()
    const timer = setTimeout(() => silence.abort(), silenceMs)
    try {
      return await fetch(url, {
        // Bytes as they are stored: hashes and positions are theirs.
        headers: { 'accept-encoding': 'identity', 'user-agent': 'brume', ...headers },
        redirect: 'manual',
        signal: AbortSignal.any([signal, silence.signal]),
      })
    } catch (error) {
      signal.throwIfAborted()
      throw this.#unreachable(error)
    } finally {
      clearTimeout(timer)
    }
  }
}

/** The hub names the hash of a large file before it redirects to where the file lies. */
function announcesOther({ headers }: Response, hash: FileHash | undefined): boolean {
  const [, tag] = /^"([0-9a-f]{64})"$/.exec(headers.get('x-linked-etag') ?? '') ?? []
  return tag !== undefined && hash !== undefined && tag !== hash.hex
}

/** What was asked for in secret is not answered in public. */
function redirectOf({ headers }: Response, from: URL): URL | undefined {
  const location = headers.get('location')
  if (location === null || !URL.canParse(location, from.href)) return undefined
  const to = new URL(location, from)
  return to.protocol === 'https:' || to.protocol === from.protocol ? to : undefined
}

/** What a status that is no success means. */
export function refusalOf({ status }: Response, what: string): HubError {
  if (status === 401 || status === 403) return new HubError({ code: 'HUB_DENIED', status })
  if (status === 404) return new HubError({ code: 'HUB_NOT_FOUND', what })
  if (status === 429 || status >= 500) return new HubError({ code: 'HUB_BUSY', status })
  return new HubError({ code: 'HUB_FAULTY', expected: `status 200, got ${status}` })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // A page for people, for example.
    return undefined
  }
}

type Fields = Readonly<Record<string, unknown>>

function listingOf(value: unknown): HubListing {
  const { sha, siblings, cardData } = fieldsOf(value)
  if (typeof sha !== 'string' || !/^[0-9a-f]{40}$/.test(sha)) throw faulty('a commit')
  if (!Array.isArray(siblings) || siblings.length > FILES_MAX) {
    throw faulty(`a list of at most ${FILES_MAX} files`)
  }
  const files = siblings.map(fieldsOf).filter(({ rfilename }) => isPath(rfilename))
  const { license } = fieldsOf(cardData)
  const licence = typeof license === 'string' && license !== '' ? license.slice(0, 128) : undefined
  return { commit: sha, files: files.map(fileOf), licence }
}

/** Files with other names exist, and are no parts of models that are imported here. */
function isPath(path: unknown): path is string {
  return typeof path === 'string' && path.split('/').every(isPlainName)
}

function fileOf({ rfilename, size, blobId, lfs }: Fields): HubFile {
  const large = fieldsOf(lfs)
  const { sha256 } = large
  const bytes = large['size'] ?? size
  if (!Number.isSafeInteger(bytes) || (bytes as number) < 0 || (bytes as number) > FILE_BYTES_MAX) {
    throw faulty('sizes of files')
  }
  return { path: rfilename as string, bytes: bytes as number, hash: hashOf(sha256, blobId) }
}

function hashOf(sha256: unknown, blobId: unknown): FileHash {
  if (typeof sha256 === 'string' && /^[0-9a-f]{64}$/.test(sha256)) {
    return { kind: 'sha256', hex: sha256 }
  }
  if (typeof blobId === 'string' && /^[0-9a-f]{40}$/.test(blobId)) {
    return { kind: 'git-sha1', hex: blobId }
  }
  throw faulty('hashes of files')
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

export function faulty(expected: string): HubError {
  return new HubError({ code: 'HUB_FAULTY', expected })
}
