/**
 * Evidence in a file: JSON that names its parts, each as base64 or as `@path` beside the file.
 *
 *     { "kind": "nitro", "document": "@document.bin" }
 *     { "kind": "sev-snp", "report": "@report.bin", "certificates": ["@vcek.der"] }
 *     { "kind": "tdx", "quote": "@quote.dat", "collateral": "@collateral.json", "eventLog": "@ccel.bin" }
 *     { "kind": "tpm", "attest": "@attest.bin", "signature": "@sig.bin", "akPublic": "@ak.pub",
 *       "ekPublic": "@ek.pub", "certificates": ["@ek.der"], "pcrs": { "7": "<hex>" }, "eventLog": "@log.bin" }
 *     { "kind": "android", "certificates": ["@chain.pem"], "statusList": "@status.json" }
 *     { "kind": "apple", "attestation": "@attestation.bin", "keyId": "<base64>" }
 *
 * `binding` beside them is what the evidence must hold, in base64.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Collateral, type Evidence, readCrl, readStatusList } from '../../attestation/index.ts'
import { fromHex, textOf } from '../../core/bytes.ts'
import { certificatesIn } from '../attestation/certificate-file.ts'
import { CliError } from './errors.ts'

/** What a file holds. */
export interface EvidenceFile {
  readonly evidence: Evidence
  readonly collateral: Collateral
  readonly binding: Uint8Array | undefined
}

const PARTS_MAX = 16

/** @throws {CliError} `CLI_INPUT_UNREADABLE`, `CLI_INPUT_INVALID`. */
export async function readEvidenceFile(path: string, nowMs: number): Promise<EvidenceFile> {
  const parts = new Parts(path, recordOf(path, await bytesOf(path)))
  const file = {
    evidence: await evidenceOf(parts),
    collateral: await collateralOf(parts, nowMs),
    binding: await parts.optional('binding'),
  }
  parts.refuseOthers()
  return file
}

async function evidenceOf(parts: Parts): Promise<Evidence> {
  const kind = parts.text('kind')
  switch (kind) {
    case 'nitro':
      return { kind, document: await parts.bytes('document') }
    case 'sev-snp':
      return { kind, report: await parts.bytes('report'), certificates: await parts.certificates() }
    case 'sgx':
    case 'tdx':
      return {
        kind,
        quote: await parts.bytes('quote'),
        eventLog: await parts.optional('eventLog'),
      }
    case 'android':
      return { kind, chain: await parts.certificates() }
    case 'apple':
      return {
        kind,
        attestation: await parts.bytes('attestation'),
        keyId: await parts.bytes('keyId'),
      }
    case 'tpm':
      return tpmOf(parts)
    default:
      return parts.invalid('"kind" is none of tpm, sev-snp, sgx, tdx, nitro, android, apple')
  }
}

async function tpmOf(parts: Parts): Promise<Evidence> {
  const certificates = await parts.certificates()
  const ekPublic = await parts.optional('ekPublic')
  return {
    kind: 'tpm',
    attest: await parts.bytes('attest'),
    signature: await parts.bytes('signature'),
    akPublic: await parts.bytes('akPublic'),
    endorsement:
      ekPublic === undefined
        ? { type: 'ak-certificate', certificates }
        : { type: 'endorsement-key', ekPublic, certificates },
    pcrs: parts.registers('pcrs'),
    eventLog: await parts.optional('eventLog'),
  }
}

async function collateralOf(parts: Parts, nowMs: number): Promise<Collateral> {
  const dcap = await parts.optional('collateral')
  const status = await parts.optional('statusList')
  const lists = await parts.files('crls')
  const crls = lists.length === 0 ? undefined : lists.map((list) => readCrl(list))
  return {
    dcap: dcap && dcapCollateral(parts, dcap),
    androidStatus: status && readStatusList(textOf(status) ?? '', nowMs),
    amdCrls: crls,
    tpmCrls: crls,
  }
}

/** Collateral as it is usually kept together: texts and chains as they came, lists in hex. */
function dcapCollateral(parts: Parts, encoded: Uint8Array): Collateral['dcap'] {
  const fields = recordOf(parts.path, encoded)
  const text = (name: string): string => {
    const value = fields[name]
    return typeof value === 'string' ? value : parts.invalid(`collateral without "${name}"`)
  }
  const list = (name: string) =>
    readCrl(fromHex(text(name)) ?? parts.invalid(`"${name}" of the collateral is not hexadecimal`))
  const signed = (name: string) => ({
    text: text(name),
    signature: text(`${name}_signature`),
    issuerChain: text(`${name}_issuer_chain`),
  })
  return {
    rootCrl: list('root_ca_crl'),
    pckCrl: list('pck_crl'),
    tcbInfo: signed('tcb_info'),
    qeIdentity: signed('qe_identity'),
  }
}

/** The members of the file's object, each asked for once by its name. */
class Parts {
  readonly path: string
  readonly #members: Readonly<Record<string, unknown>>
  readonly #asked = new Set<string>()

  constructor(path: string, members: Readonly<Record<string, unknown>>) {
    this.path = path
    this.#members = members
  }

  text(name: string): string {
    const value = this.#member(name)
    return typeof value === 'string' ? value : this.invalid(`"${name}" is no text`)
  }

  async bytes(name: string): Promise<Uint8Array> {
    return (await this.optional(name)) ?? this.invalid(`"${name}" is missing`)
  }

  async optional(name: string): Promise<Uint8Array | undefined> {
    const value = this.#member(name)
    if (value === undefined) return undefined
    return typeof value === 'string'
      ? this.#bytes(name, value)
      : this.invalid(`"${name}" is no text`)
  }

  /** All bytes of a list; an absent one is empty. */
  async files(name: string): Promise<readonly Uint8Array[]> {
    const value = this.#member(name) ?? []
    if (!Array.isArray(value) || value.length > PARTS_MAX) this.invalid(`"${name}" is no list`)
    return Promise.all(
      value.map((one: unknown) =>
        typeof one === 'string' ? this.#bytes(name, one) : this.invalid(`"${name}" holds no text`),
      ),
    )
  }

  async certificates(): Promise<readonly Uint8Array[]> {
    return (await this.files('certificates')).flatMap((bytes) => certificatesIn(bytes))
  }

  registers(name: string): ReadonlyMap<number, Uint8Array> {
    const value = this.#member(name)
    if (typeof value !== 'object' || value === null) this.invalid(`"${name}" is no object`)
    return new Map(
      Object.entries(value).map(([index, hex]: [string, unknown]) => {
        const bytes = typeof hex === 'string' ? fromHex(hex) : undefined
        return [Number(index), bytes ?? this.invalid(`"${name}" holds no hexadecimal`)]
      }),
    )
  }

  /** Members that nobody asked for are mistakes: a typing error must not leave a check out. */
  refuseOthers(): void {
    const other = Object.keys(this.#members).find((name) => !this.#asked.has(name))
    if (other !== undefined) this.invalid('it has a member that this kind does not have')
  }

  invalid(problem: string): never {
    throw new CliError({ code: 'CLI_INPUT_INVALID', path: this.path, problem })
  }

  #member(name: string): unknown {
    this.#asked.add(name)
    return Object.hasOwn(this.#members, name) ? this.#members[name] : undefined
  }

  async #bytes(name: string, value: string): Promise<Uint8Array> {
    if (value.startsWith('@')) return bytesOf(resolve(dirname(this.path), value.slice(1)))
    const bytes = Buffer.from(value, 'base64')
    const whole = bytes.toString('base64') === value
    return whole ? new Uint8Array(bytes) : this.invalid(`"${name}" is neither base64 nor @path`)
  }
}

async function bytesOf(path: string): Promise<Uint8Array> {
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause })
  }
}

function recordOf(path: string, bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(textOf(bytes) ?? '')
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
      return value as Readonly<Record<string, unknown>>
    }
  } catch {
    // Not JSON: said below, like JSON of another form.
  }
  throw new CliError({ code: 'CLI_INPUT_INVALID', path, problem: 'it holds no JSON object' })
}
