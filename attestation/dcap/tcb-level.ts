/**
 * Which level of Intel's list a platform, its quoting enclave and its TDX module are on.
 *
 * The steps and their order are those of Intel's quote verification library
 * (SGX TCB info, enclave identity: PCS API version 4).
 *
 * @module
 */

import { bytesEqual, toHex } from '../../core/bytes.ts'
import { demand, refuse } from '../errors.ts'
import { advisoriesOf, type JsonRecord, levelsOf } from './collateral.ts'
import { hex, list, record, text, timeText, unsigned } from './json-shape.ts'
import type { PckPlatform } from './pck.ts'
import type { SgxBody, TdxBody } from './quote.ts'
import { type TcbStatus, tcbStatus } from './tcb-status.ts'

export interface TcbLevel {
  readonly status: TcbStatus
  readonly advisories: readonly string[]
  /** The day that this level stands for, in milliseconds since 1970. */
  readonly dateMs: number
}

const COMPONENT_COUNT = 16

/**
 * The level of the platform.
 *
 * @throws {AttestationError} `DCAP_TCB_LEVEL`, `DCAP_COLLATERAL_MALFORMED`.
 */
export function platformLevel(
  tcbInfo: JsonRecord,
  platform: PckPlatform,
  teeTcbSvn: Uint8Array | undefined,
): TcbLevel {
  const level = levelsOf(tcbInfo).find((candidate) => {
    const tcb = record(candidate['tcb'], 'tcb')
    const reached =
      components(tcb['sgxtcbcomponents']).every(
        (svn, index) => svn <= (platform.components[index] ?? -1),
      ) && unsigned(tcb['pcesvn']) <= platform.pceSvn
    return reached && (teeTcbSvn === undefined || tdxReached(tcb, teeTcbSvn))
  })
  return levelAt(level, 'platform')
}

/**
 * The level of the quoting enclave, once it is the one that Intel names.
 *
 * @throws {AttestationError} `DCAP_QE_IDENTITY`, `DCAP_TCB_LEVEL`.
 */
export function enclaveLevel(identity: JsonRecord, report: SgxBody): TcbLevel {
  const same = (name: string, found: Uint8Array): boolean => {
    const [wanted, mask] = [hex(identity[name]), hex(identity[`${name}Mask`])]
    return bytesEqual(masked(found, mask), wanted)
  }
  const isIntels =
    toHex(hex(identity['mrsigner'])) === report.mrSigner &&
    unsigned(identity['isvprodid']) === report.productId &&
    same('miscselect', report.miscSelect) &&
    same('attributes', report.attributes)
  demand(isIntels, 'DCAP_QE_IDENTITY', 'quoting enclave is not the one that Intel names')
  return versionLevel(identity, report.securityVersion, 'quoting enclave')
}

/**
 * The level of the TDX module, once it is one that Intel names.
 *
 * @throws {AttestationError} `DCAP_MODULE`, `DCAP_TCB_LEVEL`.
 */
export function moduleLevel(tcbInfo: JsonRecord, body: TdxBody): TcbLevel | undefined {
  const [svn = 0, version = 0] = body.teeTcbSvn
  const module = version === 0 ? tcbInfo['tdxModule'] : moduleNamed(tcbInfo, version)
  if (module === undefined) refuse('DCAP_MODULE', `module of version ${version} is not listed`)
  const { mrsigner, attributes, attributesMask, ...rest } = record(module, 'module')
  const isIntels =
    toHex(hex(mrsigner)) === body.mrSignerSeam &&
    bytesEqual(masked(body.seamAttributes, hex(attributesMask)), hex(attributes))
  demand(isIntels, 'DCAP_MODULE', 'module is not signed by Intel, or has other attributes')
  return version === 0 ? undefined : versionLevel(rest, svn, 'module')
}

function moduleNamed(tcbInfo: JsonRecord, version: number): unknown {
  const id = `TDX_${version.toString(16).padStart(2, '0')}`.toUpperCase()
  return list(tcbInfo['tdxModuleIdentities'] ?? [], 'modules').find(
    (module) => text(record(module, 'module')['id']).toUpperCase() === id,
  )
}

/** From version 1 of the module on, its own two numbers are judged by its identity instead. */
function tdxReached(tcb: JsonRecord, teeTcbSvn: Uint8Array): boolean {
  const skipped = (teeTcbSvn[1] ?? 0) > 0 ? 2 : 0
  return components(tcb['tdxtcbcomponents']).every(
    (svn, index) => index < skipped || svn <= (teeTcbSvn[index] ?? -1),
  )
}

function components(value: unknown): readonly number[] {
  const found = list(value, 'components').map((one) => unsigned(record(one, 'component')['svn']))
  // A shorter list would leave components out of the comparison.
  if (found.length !== COMPONENT_COUNT) {
    refuse('DCAP_COLLATERAL_MALFORMED', `${found.length} components`)
  }
  return found
}

function versionLevel(identity: JsonRecord, version: number, what: string): TcbLevel {
  const level = levelsOf(identity).find(
    (candidate) => unsigned(record(candidate['tcb'], 'tcb')['isvsvn']) <= version,
  )
  return levelAt(level, what)
}

function levelAt(level: JsonRecord | undefined, what: string): TcbLevel {
  if (level === undefined) refuse('DCAP_TCB_LEVEL', `${what} is below every level`)
  return {
    status: tcbStatus(level['tcbStatus']),
    advisories: advisoriesOf(level),
    dateMs: timeText(level['tcbDate']),
  }
}

function masked(bytes: Uint8Array, mask: Uint8Array): Uint8Array {
  if (bytes.length !== mask.length) refuse('DCAP_COLLATERAL_MALFORMED', 'mask of another length')
  return bytes.map((byte, index) => byte & (mask[index] ?? 0))
}
