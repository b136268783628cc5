/**
 * Commands of a TPM as bytes, as far as attesting needs them (TPM 2.0 Library, part 3).
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'

export interface TpmCommand {
  readonly name: string
  readonly bytes: Uint8Array
  /** Handles that stand at the front of the response. */
  readonly handles: number
  /** True when the response has the size of its parameters in front of them. */
  readonly sessions: boolean
}

export const ENDORSEMENT_HIERARCHY = 0x4000_000b
export const OWNER_HIERARCHY = 0x4000_0001
const NULL_HANDLE = 0x4000_0007
const PASSWORD_SESSION = 0x4000_0009
const NO_SESSIONS = 0x8001
const SESSIONS = 0x8002
const SHA256 = 0x000b
const ALG_NULL = 0x0010
const POLICY_SESSION = 0x01
const SELECT_BYTES = 3

export function readPublicCommand(handle: number): TpmCommand {
  return command({ name: 'ReadPublic', code: 0x173, handles: [handle] })
}

export function nvReadPublicCommand(index: number): TpmCommand {
  return command({ name: 'NV_ReadPublic', code: 0x169, handles: [index] })
}

/** Reads `size` bytes from `offset` of an NV index, authorised by `authority` with an empty password. */
export function nvReadCommand(
  authority: number,
  index: number,
  { size, offset }: { readonly size: number; readonly offset: number },
): TpmCommand {
  return command({
    name: 'NV_Read',
    code: 0x14e,
    handles: [authority, index],
    auths: [passwordAuth],
    parameters: [uint16(size), uint16(offset)],
  })
}

/** Makes the key of `template` (TPMT_PUBLIC) in the endorsement hierarchy. */
export function createPrimaryCommand(template: Uint8Array): TpmCommand {
  return command({
    name: 'CreatePrimary',
    code: 0x131,
    handles: [ENDORSEMENT_HIERARCHY],
    auths: [passwordAuth],
    parameters: [
      // TPM2B_SENSITIVE_CREATE with neither a password nor data.
      sized(concatBytes([uint16(0), uint16(0)])),
      sized(template),
      uint16(0),
      uint32(0),
    ],
    responseHandles: 1,
  })
}

/** @param nonce - 16 bytes: nothing rests on them in a session without encryption. */
export function startPolicySessionCommand(nonce: Uint8Array): TpmCommand {
  return command({
    name: 'StartAuthSession',
    code: 0x176,
    handles: [NULL_HANDLE, NULL_HANDLE],
    parameters: [
      sized(nonce),
      uint16(0),
      Uint8Array.of(POLICY_SESSION),
      uint16(ALG_NULL),
      uint16(SHA256),
    ],
    responseHandles: 1,
  })
}

/** Satisfies the policy of a standard endorsement key. */
export function policySecretCommand(session: number): TpmCommand {
  return command({
    name: 'PolicySecret',
    code: 0x151,
    handles: [ENDORSEMENT_HIERARCHY, session],
    auths: [passwordAuth],
    parameters: [uint16(0), uint16(0), uint16(0), uint32(0)],
  })
}

export function activateCredentialCommand(
  handles: { readonly ak: number; readonly ek: number; readonly session: number },
  credential: { readonly idObject: Uint8Array; readonly encryptedSecret: Uint8Array },
): TpmCommand {
  return command({
    name: 'ActivateCredential',
    code: 0x147,
    handles: [handles.ak, handles.ek],
    auths: [passwordAuth, sessionAuth(handles.session)],
    parameters: [credential.idObject, credential.encryptedSecret],
  })
}

/** A quote of `pcrs` of the SHA-256 bank, by the scheme of the key itself. */
export function quoteCommand(
  key: number,
  extraData: Uint8Array,
  pcrs: readonly number[],
): TpmCommand {
  return command({
    name: 'Quote',
    code: 0x158,
    handles: [key],
    auths: [passwordAuth],
    parameters: [sized(extraData), uint16(ALG_NULL), selection(pcrs)],
  })
}

/** Values of `pcrs` of the SHA-256 bank; a TPM gives at most eight at a time. */
export function pcrReadCommand(pcrs: readonly number[]): TpmCommand {
  return command({ name: 'PCR_Read', code: 0x17e, parameters: [selection(pcrs)] })
}

/** Ties a policy session to the values that registers have now. */
export function policyPcrCommand(session: number, pcrs: readonly number[]): TpmCommand {
  return command({
    name: 'PolicyPCR',
    code: 0x17f,
    handles: [session],
    parameters: [uint16(0), selection(pcrs)],
  })
}

/** Has `signer` state that `key` lives in the same TPM. */
export function certifyCommand(key: number, signer: number, extraData: Uint8Array): TpmCommand {
  return command({
    name: 'Certify',
    code: 0x148,
    handles: [key, signer],
    auths: [passwordAuth, passwordAuth],
    parameters: [sized(extraData), uint16(ALG_NULL)],
  })
}

/** Signs a digest, authorised by a policy session, by the scheme of the key itself. */
export function signCommand(key: number, session: number, digest: Uint8Array): TpmCommand {
  return command({
    name: 'Sign',
    code: 0x15d,
    handles: [key],
    auths: [sessionAuth(session)],
    // A ticket that says nothing: the key is not restricted to what the TPM itself has hashed.
    parameters: [sized(digest), uint16(ALG_NULL), uint16(0x8024), uint32(NULL_HANDLE), uint16(0)],
  })
}

/** Clock and counts of starts. */
export function readClockCommand(): TpmCommand {
  return command({ name: 'ReadClock', code: 0x181 })
}

export function flushCommand(handle: number): TpmCommand {
  return command({ name: 'FlushContext', code: 0x165, parameters: [uint32(handle)] })
}

interface CommandInit {
  readonly name: string
  readonly code: number
  readonly handles?: readonly number[]
  readonly auths?: readonly Uint8Array[]
  readonly parameters?: readonly Uint8Array[]
  readonly responseHandles?: number
}

const passwordAuth = sessionAuth(PASSWORD_SESSION)

function command(init: CommandInit): TpmCommand {
  const { name, code, handles = [], auths = [], parameters = [], responseHandles = 0 } = init
  const area = concatBytes(auths)
  const body = concatBytes([
    ...handles.map((handle) => uint32(handle)),
    ...(auths.length > 0 ? [uint32(area.length), area] : []),
    ...parameters,
  ])
  const tag = auths.length > 0 ? SESSIONS : NO_SESSIONS
  const bytes = concatBytes([uint16(tag), uint32(10 + body.length), uint32(code), body])
  return { name, bytes, handles: responseHandles, sessions: auths.length > 0 }
}

/** A session without nonce and with an empty password. */
function sessionAuth(handle: number): Uint8Array {
  return concatBytes([uint32(handle), uint16(0), Uint8Array.of(0), uint16(0)])
}

function selection(pcrs: readonly number[]): Uint8Array {
  const bits = new Uint8Array(SELECT_BYTES)
  for (const pcr of pcrs) bits[pcr >> 3] = (bits[pcr >> 3] ?? 0) | (1 << (pcr & 7))
  return concatBytes([uint32(1), uint16(SHA256), Uint8Array.of(SELECT_BYTES), bits])
}

function sized(bytes: Uint8Array): Uint8Array {
  return concatBytes([uint16(bytes.length), bytes])
}

function uint16(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff)
}

function uint32(value: number): Uint8Array {
  return Uint8Array.of(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}
