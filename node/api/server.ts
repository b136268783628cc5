/**
 * The API as a part of the daemon: listens, says where, and stops cleanly.
 *
 * @module
 */

import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import { invariant } from '../../core/invariant.ts'
import type { Startable } from '../../core/lifecycle.ts'
import { type ApiComponents, createApp } from './app.ts'
import { keyFile } from './connection.ts'
import { loadOrCreateKey, removeConnection, writeConnection } from './connection-file.ts'
import { ApiError } from './errors.ts'

export interface ApiServerInit {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  /** Folder of `api.key` and `api.json`. */
  readonly stateDir: string
  /** Of Brume. */
  readonly version: string
  /** Largest body of a job request, in bytes. */
  readonly jobBodyBytesMax: number
}

export class ApiServer implements Startable {
  readonly #components: ApiComponents
  readonly #init: ApiServerInit
  #app: FastifyInstance | undefined
  #url: string | undefined

  constructor(components: ApiComponents, init: ApiServerInit) {
    this.#components = components
    this.#init = init
  }

  /** `http://127.0.0.1:7433`, without a slash at the end; known once it is started. */
  get url(): string {
    invariant(this.#url !== undefined, 'the API has a URL once it is started')
    return this.#url
  }

  /** Absolute path of the key that requests must carry. */
  get keyFile(): string {
    return keyFile(this.#init.stateDir)
  }

  /** @throws {ApiError} `API_PORT_TAKEN`; @throws {StorageError} when the state folder cannot be written. */
  async start(signal: AbortSignal): Promise<void> {
    const { host, port, stateDir, version, jobBodyBytesMax } = this.#init
    const key = await loadOrCreateKey(stateDir)
    signal.throwIfAborted()
    const app = createApp(this.#components, { key, version, jobBodyBytesMax })
    try {
      await app.listen({ host, port })
      this.#url = urlOf(app.server.address() as AddressInfo)
      await writeConnection(stateDir, { url: this.#url, keyFile: this.keyFile, pid: process.pid })
    } catch (error) {
      await app.close()
      throw portTaken(error) ? new ApiError({ code: 'API_PORT_TAKEN', host, port }) : error
    }
    this.#app = app
    this.#components.logger.info('listening', { url: this.#url })
  }

  async stop(): Promise<void> {
    if (this.#app === undefined) return
    await removeConnection(this.#init.stateDir)
    await this.#app.close()
  }
}

/** Where programs on this machine reach the API: every interface includes the loopback one. */
function urlOf({ address, family, port }: AddressInfo): string {
  if (family === 'IPv6') return `http://[${address === '::' ? '::1' : address}]:${port}`
  return `http://${address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`
}

function portTaken(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EADDRINUSE'
}
