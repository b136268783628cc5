/**
 * What the TPM of this machine says about it: who made it, which key speaks for it, how it booted.
 *
 * Nothing is stored in the TPM. The attestation key is made from a fixed template
 * in the endorsement hierarchy, so that one TPM gives one key, for life.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import {
  type BindingKeyEvidence,
  bindingKeyMessage,
  ByteReader,
  type Credential,
  readPublic,
  registersPolicy,
  type TpmEvidence,
} from '../../attestation/index.ts'
import { concatBytes } from '../../core/bytes.ts'
import type { Random } from '../../core/random.ts'
import { AttesterError } from './errors.ts'
import type { TpmClient, TpmResponse } from './tpm-client.ts'
import {
  activateCredentialCommand,
  certifyCommand,
  createPrimaryCommand,
  flushCommand,
  nvReadCommand,
  nvReadPublicCommand,
  OWNER_HIERARCHY,
  pcrReadCommand,
  policyPcrCommand,
  policySecretCommand,
  quoteCommand,
  readClockCommand,
  readPublicCommand,
  signCommand,
  startPolicySessionCommand,
} from './tpm-commands.ts'
import { AK_TEMPLATE, bindingKeyTemplate, EK_TEMPLATE } from './tpm-templates.ts'

/** What a verifier must know to make a credential. */
export interface TpmIdentity {
  /** TPM2B_PUBLIC of the endorsement key. */
  readonly ekPublic: Uint8Array
  /** Its certificate, as the maker put it into the TPM. */
  readonly ekCertificate: Uint8Array
  /** TPM2B_PUBLIC of the attestation key. */
  readonly akPublic: Uint8Array
}

export interface TpmAttesterInit {
  /** Issuers of the endorsement key's certificate that are sent along. */
  readonly issuers: readonly Uint8Array[]
  /** Where the firmware's log is; undefined for none. */
  readonly eventLogPath: string | undefined
  /** True to have a key of the TPM sign each question as well. */
  readonly bindingKey?: boolean
}

/** Where the RSA-2048 endorsement key and its certificate are (TCG EK Credential Profile, section 2.2). */
const EK_HANDLE = 0x8101_0001
const EK_CERTIFICATE_INDEX = 0x01c0_0002
const NV_CHUNK_BYTES = 512
const CERTIFICATE_BYTES_MAX = 8 * 1024
const PCRS_A_READ = 8
const EVENT_LOG_BYTES_MAX = 512 * 1024

export class TpmAttester {
  readonly #client: TpmClient
  readonly #random: Random
  readonly #init: TpmAttesterInit

  constructor(client: TpmClient, random: Random, init: TpmAttesterInit) {
    this.#client = client
    this.#random = random
    this.#init = init
  }

  /** @throws {AttesterError} `ATTESTER_NO_EK_CERTIFICATE`, and codes of the TPM. */
  async identity(): Promise<TpmIdentity> {
    const ekCertificate = await this.#ekCertificate()
    return this.#withKeys(({ ekPublic, akPublic }) =>
      Promise.resolve({ ekPublic, ekCertificate, akPublic }),
    )
  }

  /** The secret of `credential`, which only this TPM can read. @throws {AttesterError} */
  async activate(credential: Credential): Promise<Uint8Array> {
    return this.#withKeys(async ({ ek, ak }) => {
      const started = await this.#client.run(startPolicySessionCommand(this.#random.bytes(16)))
      const session = handleOf(started)
      try {
        await this.#client.run(policySecretCommand(session))
        const activated = await this.#client.run(
          activateCredentialCommand({ ak, ek, session }, credential),
        )
        return readerOf(activated).sized().slice()
      } finally {
        // A session that was used up is gone already.
        await this.#client.runIfThere(flushCommand(session))
      }
    })
  }

  /** A quote of `pcrs` that holds `binding`, with all that a verifier needs. @throws {AttesterError} */
  async evidence(binding: Uint8Array, pcrs: readonly number[]): Promise<TpmEvidence> {
    const { ekPublic, ekCertificate, akPublic } = await this.identity()
    return this.#withKeys(async ({ ak }) => {
      const quoted = readerOf(await this.#client.run(quoteCommand(ak, binding, pcrs)))
      const attest = quoted.sized().slice()
      const values = await this.#pcrValues(pcrs)
      return {
        kind: 'tpm',
        attest,
        signature: quoted.rest().slice(),
        akPublic,
        endorsement: {
          type: 'endorsement-key',
          ekPublic,
          certificates: [ekCertificate, ...this.#init.issuers],
        },
        pcrs: values,
        eventLog: await this.#eventLog(),
        bindingKey:
          this.#init.bindingKey === true ? await this.#bindingKey(ak, binding, values) : undefined,
      }
    })
  }

  /** Makes the key that is tied to `pcrs`, has it certified and lets it sign for `binding`. */
  async #bindingKey(
    ak: number,
    binding: Uint8Array,
    pcrs: ReadonlyMap<number, Uint8Array>,
  ): Promise<BindingKeyEvidence> {
    const key = await this.#create(bindingKeyTemplate(registersPolicy(pcrs)))
    try {
      const certified = readerOf(await this.#client.run(certifyCommand(key.handle, ak, binding)))
      const attest = certified.sized().slice()
      const started = await this.#client.run(startPolicySessionCommand(this.#random.bytes(16)))
      const session = handleOf(started)
      try {
        await this.#client.run(policyPcrCommand(session, [...pcrs.keys()]))
        const digest = createHash('sha256').update(bindingKeyMessage(binding)).digest()
        const proof = readerOf(await this.#client.run(signCommand(key.handle, session, digest)))
        return {
          keyPublic: key.publicArea,
          certified: attest,
          signature: certified.rest().slice(),
          proof: proof.rest().slice(),
        }
      } finally {
        // A session that was used up is gone already.
        await this.#client.runIfThere(flushCommand(session))
      }
    } finally {
      await this.#client.run(flushCommand(key.handle))
    }
  }

  /** The count of starts, and `pcrs` as they are now: signed by nobody. @throws {AttesterError} */
  async state(
    pcrs: readonly number[],
  ): Promise<{ readonly resetCount: number; readonly registers: Uint8Array }> {
    const clock = readerOf(await this.#client.run(readClockCommand()))
    // The time since the start, and the clock.
    clock.take(8 + 8)
    const resetCount = clock.u32()
    return { resetCount, registers: concatBytes([...(await this.#pcrValues(pcrs)).values()]) }
  }

  /** Makes both keys, and lets go of what was made when `use` is over. */
  async #withKeys<T>(use: (keys: Keys) => Promise<T>): Promise<T> {
    const stored = await this.#client.runIfThere(readPublicCommand(EK_HANDLE))
    const ek = stored === undefined ? await this.#create(EK_TEMPLATE) : undefined
    const ak = await this.#create(AK_TEMPLATE)
    try {
      return await use({
        ek: ek?.handle ?? EK_HANDLE,
        ekPublic: ek?.publicArea ?? publicAreaOf(stored),
        ak: ak.handle,
        akPublic: ak.publicArea,
      })
    } finally {
      await this.#client.run(flushCommand(ak.handle))
      if (ek !== undefined) await this.#client.run(flushCommand(ek.handle))
    }
  }

  async #create(template: Uint8Array): Promise<{ handle: number; publicArea: Uint8Array }> {
    const response = await this.#client.run(createPrimaryCommand(template))
    return { handle: handleOf(response), publicArea: publicAreaOf(response) }
  }

  async #ekCertificate(): Promise<Uint8Array> {
    const found = await this.#client.runIfThere(nvReadPublicCommand(EK_CERTIFICATE_INDEX))
    if (found === undefined) throw new AttesterError({ code: 'ATTESTER_NO_EK_CERTIFICATE' })
    // TPMS_NV_PUBLIC ends in the size of the data.
    const area = readerOf(found).sized()
    const [high = 0, low = 0] = area.subarray(-2)
    const size = Math.min(256 * high + low, CERTIFICATE_BYTES_MAX)
    const chunks: Uint8Array[] = []
    for (let offset = 0; offset < size; offset += NV_CHUNK_BYTES) {
      const part = { size: Math.min(NV_CHUNK_BYTES, size - offset), offset }
      chunks.push(await this.#nvRead(part))
    }
    return concatBytes(chunks)
  }

  /** Some makers let everybody read the index by itself, some want the owner's word. */
  async #nvRead(part: { size: number; offset: number }): Promise<Uint8Array> {
    const own = nvReadCommand(EK_CERTIFICATE_INDEX, EK_CERTIFICATE_INDEX, part)
    const read =
      (await this.#client.runIfThere(own)) ??
      (await this.#client.run(nvReadCommand(OWNER_HIERARCHY, EK_CERTIFICATE_INDEX, part)))
    return readerOf(read).sized().slice()
  }

  async #pcrValues(pcrs: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const values = new Map<number, Uint8Array>()
    for (let at = 0; at < pcrs.length; at += PCRS_A_READ) {
      const wanted = pcrs.slice(at, at + PCRS_A_READ)
      const reader = readerOf(await this.#client.run(pcrReadCommand(wanted)))
      // The counter of updates, then what was really selected: one bank of three bytes.
      reader.take(4 + 4 + 2 + 1 + 3)
      const count = reader.u32()
      if (count !== wanted.length) throw garbled(`${count} registers of ${wanted.length}`)
      for (const pcr of wanted) values.set(pcr, reader.sized().slice())
    }
    return values
  }

  async #eventLog(): Promise<Uint8Array | undefined> {
    const { eventLogPath } = this.#init
    if (eventLogPath === undefined) return undefined
    try {
      const log = new Uint8Array(await readFile(eventLogPath))
      return log.length > 0 && log.length <= EVENT_LOG_BYTES_MAX ? log : undefined
    } catch {
      // Only root may read it on most systems; without it nothing is said about Secure Boot.
      return undefined
    }
  }
}

interface Keys {
  readonly ek: number
  readonly ekPublic: Uint8Array
  readonly ak: number
  readonly akPublic: Uint8Array
}

function handleOf({ handle }: TpmResponse): number {
  if (handle === undefined) throw garbled('no handle')
  return handle
}

function readerOf({ parameters }: TpmResponse): ByteReader {
  return new ByteReader(parameters, { code: 'TPM_MALFORMED', littleEndian: false })
}

/** The TPM2B_PUBLIC that a response begins with. */
function publicAreaOf(response: TpmResponse | undefined): Uint8Array {
  if (response === undefined) throw garbled('no public area')
  const area = readerOf(response).sized()
  const encoded = concatBytes([Uint8Array.of(area.length >> 8, area.length & 0xff), area])
  readPublic(encoded)
  return encoded
}

function garbled(reason: string): AttesterError {
  return new AttesterError({ code: 'ATTESTER_TPM_GARBLED', reason })
}
