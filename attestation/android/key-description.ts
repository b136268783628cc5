/**
 * What the secure hardware of an Android device says about a key and about its boot.
 *
 * ASN.1 of the extension 1.3.6.1.4.1.11129.2.1.17, versions 3 to 500 (KeyMint
 * HAL, "KeyCreationResult"; Android documentation, "Key and ID attestation").
 *
 * @module
 */

import { textOf, toHex } from '../../core/bytes.ts'
import {
  BOOLEAN,
  booleanOf,
  contextTag,
  derContent,
  type DerElement,
  DerReader,
  ENUMERATED,
  INTEGER,
  OCTET_STRING,
  SEQUENCE,
  SET,
  unsignedOf,
} from '../encoding/der.ts'
import { demand, refuse } from '../errors.ts'

export interface KeyDescription {
  readonly version: number
  readonly attestationLevel: number
  readonly keyLevel: number
  readonly challenge: Uint8Array
  /** What only the Android system vouches for. */
  readonly software: AuthorizationList
  /** What the secure hardware vouches for. */
  readonly hardware: AuthorizationList
}

export interface AuthorizationList {
  readonly purposes: readonly number[]
  /** 0 for a key that was made here. */
  readonly origin: number | undefined
  readonly rootOfTrust: RootOfTrust | undefined
  /** Year and month, such as 202607. */
  readonly osPatchLevel: number | undefined
  readonly application: AndroidApplication | undefined
}

export interface RootOfTrust {
  readonly deviceLocked: boolean
  readonly bootState: BootState
  /** Key that the system image is verified with, in hex. */
  readonly bootKey: string
}

export const BOOT_STATES = ['verified', 'self-signed', 'unverified', 'failed'] as const
export type BootState = (typeof BOOT_STATES)[number]

export interface AndroidApplication {
  readonly packages: readonly string[]
  /** SHA-256 of the certificates that sign them, in hex. */
  readonly signers: readonly string[]
}

const PURPOSE = 1
const ORIGIN = 702
const ROOT_OF_TRUST = 704
const OS_PATCH_LEVEL = 706
const APPLICATION = 709
const TAG_COUNT_MAX = 64
const LIST_COUNT_MAX = 32

/** @throws {AttestationError} `ANDROID_MALFORMED`, `DER_MALFORMED`. */
export function readKeyDescription(value: Uint8Array): KeyDescription {
  const reader = derContent(value, SEQUENCE)
  const version = unsignedOf(reader.read(INTEGER))
  const attestationLevel = unsignedOf(reader.read(ENUMERATED))
  reader.read(INTEGER)
  const keyLevel = unsignedOf(reader.read(ENUMERATED))
  const challenge = reader.read(OCTET_STRING).content
  reader.read(OCTET_STRING)
  const software = readList(reader.enter(SEQUENCE))
  const hardware = readList(reader.enter(SEQUENCE))
  reader.end()
  return { version, attestationLevel, keyLevel, challenge, software, hardware }
}

function readList(reader: DerReader): AuthorizationList {
  const values = new Map<number, DerReader>()
  let before = 0
  for (const { tag, content } of reader.all(TAG_COUNT_MAX)) {
    // Tags ascend, so that none can stand twice with another meaning.
    demand(tag > before, 'ANDROID_MALFORMED', 'authorisations are not in ascending order')
    before = tag
    values.set(tag, new DerReader(content))
  }
  const value = (number: number): DerReader | undefined => values.get(contextTag(number))
  const count = (number: number): number | undefined => {
    const found = value(number)
    return found && unsignedOf(found.read(INTEGER))
  }
  const purposes = value(PURPOSE)?.enter(SET).all(LIST_COUNT_MAX) ?? []
  return {
    purposes: purposes.map((element) => unsignedOf(element)),
    origin: count(ORIGIN),
    rootOfTrust: value(ROOT_OF_TRUST) && rootOfTrust(value(ROOT_OF_TRUST)?.enter(SEQUENCE)),
    osPatchLevel: count(OS_PATCH_LEVEL),
    application: application(value(APPLICATION)?.read(OCTET_STRING)),
  }
}

function rootOfTrust(reader: DerReader | undefined): RootOfTrust | undefined {
  if (reader === undefined) return undefined
  const bootKey = toHex(reader.read(OCTET_STRING).content)
  const deviceLocked = booleanOf(reader.read(BOOLEAN))
  const bootState = BOOT_STATES[unsignedOf(reader.read(ENUMERATED))]
  // The hash of the boot image came with version 3.
  reader.optional(OCTET_STRING)
  reader.end()
  if (bootState === undefined) refuse('ANDROID_MALFORMED', 'unknown state of the boot')
  return { deviceLocked, bootState, bootKey }
}

/** AttestationApplicationId, in an OCTET STRING of its own. */
function application(element: DerElement | undefined): AndroidApplication | undefined {
  if (element === undefined) return undefined
  const reader = derContent(element.content, SEQUENCE)
  const packages = reader.enter(SET).all(LIST_COUNT_MAX)
  const signers = reader.enter(SET).all(LIST_COUNT_MAX)
  reader.end()
  return {
    packages: packages.map(({ content }) => {
      const name = new DerReader(content).read(OCTET_STRING).content
      return textOf(name) ?? refuse('ANDROID_MALFORMED', 'name of a package is no text')
    }),
    signers: signers.map(({ content }) => toHex(content)),
  }
}
