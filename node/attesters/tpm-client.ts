/**
 * A TPM, one command at a time.
 *
 * @module
 */

import { setTimeout as sleep } from 'node:timers/promises'
import { AttesterError } from './errors.ts'
import type { TpmCommand } from './tpm-commands.ts'
import type { TpmTransport } from './tpm-transport.ts'

/** What a response holds behind its header. */
export interface TpmResponse {
  readonly handle: number | undefined
  readonly parameters: Uint8Array
}

const HEADER_BYTES = 10
/** The TPM is busy with itself and wants to be asked again: RETRY, TESTING, YIELDED. */
const BUSY = new Set([0x922, 0x90a, 0x908])
const RETRIES_MAX = 40
const RETRY_MS = 25

export class TpmClient {
  readonly #transport: TpmTransport
  #last: Promise<unknown> = Promise.resolve()

  constructor(transport: TpmTransport) {
    this.#transport = transport
  }

  /** @throws {AttesterError} `ATTESTER_TPM_FAILED`, `ATTESTER_TPM_GARBLED`. */
  run(command: TpmCommand): Promise<TpmResponse> {
    const turn = this.#last.then(() => this.#run(command))
    // Whoever waits for the next turn does not care how this one ended.
    this.#last = turn.catch(() => undefined)
    return turn
  }

  /** The response, or undefined when the TPM refuses: it has no such object. */
  async runIfThere(command: TpmCommand): Promise<TpmResponse | undefined> {
    try {
      return await this.run(command)
    } catch (error) {
      if (error instanceof AttesterError && error.code === 'ATTESTER_TPM_FAILED') return undefined
      throw error
    }
  }

  async close(): Promise<void> {
    await this.#last
    await this.#transport.close()
  }

  async #run(command: TpmCommand): Promise<TpmResponse> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#transport.transact(command.bytes)
      const responseCode = codeOf(response)
      if (responseCode === 0) return parsed(response, command)
      if (!BUSY.has(responseCode) || attempt === RETRIES_MAX) {
        throw new AttesterError({
          code: 'ATTESTER_TPM_FAILED',
          command: command.name,
          responseCode,
        })
      }
      await sleep(RETRY_MS)
    }
  }
}

function codeOf(response: Uint8Array): number {
  if (response.length < HEADER_BYTES) throw garbled('less than a header')
  const view = viewOf(response)
  if (view.getUint32(2) !== response.length) throw garbled('another length than it says')
  return view.getUint32(6)
}

function parsed(response: Uint8Array, { handles, sessions }: TpmCommand): TpmResponse {
  const view = viewOf(response)
  const parametersAt = HEADER_BYTES + 4 * handles + (sessions ? 4 : 0)
  if (response.length < parametersAt) throw garbled('less than its handles')
  const handle = handles > 0 ? view.getUint32(HEADER_BYTES) : undefined
  if (!sessions) return { handle, parameters: response.subarray(parametersAt) }
  // Behind the parameters stand the answers of the sessions, which say nothing here.
  const end = parametersAt + view.getUint32(parametersAt - 4)
  if (end > response.length) throw garbled('less than its parameters')
  return { handle, parameters: response.subarray(parametersAt, end) }
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
}

function garbled(reason: string): AttesterError {
  return new AttesterError({ code: 'ATTESTER_TPM_GARBLED', reason })
}
