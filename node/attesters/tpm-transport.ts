/**
 * Bytes to a TPM and back: `/dev/tpmrm0` of the kernel, or a socket of a TPM in software.
 *
 * @module
 */

import { type FileHandle, open } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { AttesterError } from './errors.ts'

export interface TpmTransport {
  /** Sends a command and resolves to its response. One at a time. @throws {AttesterError} */
  transact(command: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

/** A response is at most this long (TPM_PT_MAX_RESPONSE_SIZE of every TPM). */
const RESPONSE_BYTES_MAX = 4096
const HEADER_BYTES = 10
/** Making a key takes a slow chip some seconds. */
const RESPONSE_MS_MAX = 90_000

/**
 * Opens the TPM at `path`: a device file, the path of a socket, or `HOST:PORT` of one.
 *
 * @throws {AttesterError} `ATTESTER_TPM_UNAVAILABLE`.
 */
export async function openTpm(path: string): Promise<TpmTransport> {
  try {
    if (path.startsWith('/dev/')) return new DeviceTransport(await open(path, 'r+'))
    return new SocketTransport(await connected(path))
  } catch (cause) {
    throw new AttesterError({ code: 'ATTESTER_TPM_UNAVAILABLE', path }, { cause })
  }
}

/** The kernel takes one write for a command, and gives its response to one read. */
class DeviceTransport implements TpmTransport {
  readonly #file: FileHandle

  constructor(file: FileHandle) {
    this.#file = file
  }

  async transact(command: Uint8Array): Promise<Uint8Array> {
    await this.#file.write(command, 0, command.length, null)
    const buffer = new Uint8Array(RESPONSE_BYTES_MAX)
    const { bytesRead } = await this.#file.read(buffer, 0, buffer.length, null)
    return buffer.slice(0, bytesRead)
  }

  async close(): Promise<void> {
    await this.#file.close()
  }
}

/** A response says in its header how long it is. */
class SocketTransport implements TpmTransport {
  readonly #socket: Socket

  constructor(socket: Socket) {
    this.#socket = socket
  }

  transact(command: Uint8Array): Promise<Uint8Array> {
    const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>()
    let received = Buffer.alloc(0)
    const onData = (chunk: Buffer): void => {
      received = Buffer.concat([received, chunk])
      if (received.length < HEADER_BYTES) return
      const size = received.readUInt32BE(2)
      if (size < HEADER_BYTES || size > RESPONSE_BYTES_MAX) reject(garbled('a length out of range'))
      else if (received.length >= size) resolve(new Uint8Array(received.subarray(0, size)))
    }
    const onEnd = (): void => reject(garbled('the end of the connection'))
    const onError = (cause: Error): void => reject(garbled('an error of the connection', cause))
    const timer = setTimeout(() => reject(garbled('nothing in time')), RESPONSE_MS_MAX)
    this.#socket.on('data', onData).on('end', onEnd).on('error', onError)
    this.#socket.write(command)
    return promise.finally(() => {
      clearTimeout(timer)
      this.#socket.off('data', onData).off('end', onEnd).off('error', onError)
    })
  }

  close(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    // An error after the last answer no longer matters to anybody.
    this.#socket.on('error', () => undefined).on('close', () => resolve())
    this.#socket.destroy()
    return promise
  }
}

function connected(path: string): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>()
  const [, host, port] = /^([\w.-]+):(\d+)$/.exec(path) ?? []
  const socket = host === undefined ? connect(path) : connect({ host, port: Number(port) })
  socket.once('error', reject)
  socket.once('connect', () => {
    socket.off('error', reject)
    resolve(socket)
  })
  return promise
}

function garbled(reason: string, cause?: Error): AttesterError {
  return new AttesterError({ code: 'ATTESTER_TPM_GARBLED', reason }, { cause })
}
