/**
 * `brume ledger verify`: whether the ledger in a file holds. Needs no daemon and no configuration.
 *
 * @module
 */

import { type FileHandle, open } from 'node:fs/promises'
import type { Command } from 'commander'
import { asMeshId } from '../../../core/ids.ts'
import { bytesEqual, concatBytes, fromHex } from '../../../core/bytes.ts'
import {
  type BundleReport,
  BundleVerifier,
  LedgerError,
  type LedgerErrorCode,
  LIMITS,
  type ProvenReceipt,
  verifyEquivocation,
  verifyReceiptProof,
} from '../../../ledger/index.ts'
import { nodeCrypto } from '../../crypto/node-crypto.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { ledgerJson, ledgerLines, receiptJson, receiptLines } from '../ledger-report.ts'
import { addLedgerAudit } from './ledger-audit.ts'
import { addOwnLedger } from './ledger-own.ts'

/** Read at once, in bytes: some thousand entries. */
const READ_BYTES = 262_144
/** A proof that is longer is refused, so one byte more is enough to know. */
const PROOF_BYTES_MAX = LIMITS.RECEIPT_PROOF_BYTES_MAX + 1
/** What a bundle begins with: an item, which is an array of two. */
const ITEM_BYTE = 0x82

interface VerifyOptions {
  readonly mesh?: string
  readonly headsOnly?: boolean
}

export function addLedger(program: Command, cli: Cli): void {
  const ledger = program.command('ledger').description('what devices recorded of their work')
  ledger
    .command('verify')
    .description('check a ledger, a receipt or the proof of a fork in a file; needs no daemon')
    .argument('<file>', 'what brume ledger export, prove or audit wrote')
    .option('--mesh <id>', 'the mesh that it must be of')
    .option('--heads-only', 'leave out signatures that a signed head covers: faster, as sure')
    .action((file: string, options: VerifyOptions) => verify(cli, file, options))
  addOwnLedger(ledger, cli)
  addLedgerAudit(ledger, cli)
}

async function verify(cli: Cli, file: string, options: VerifyOptions): Promise<void> {
  const report = await cli.interruptible((signal) => reportOn(file, options, signal))
  if ('receipt' in report) {
    cli.print({ receipt: receiptJson(report) }, () => receiptLines(report))
    return
  }
  cli.print({ ledger: ledgerJson(report) }, () => ledgerLines(report, cli.width))
  const { problem } = report
  if (problem === undefined) return
  const { code, item, seq, reason } = problem
  throw new LedgerError({ code, reason: `${reason}, at entry ${seq} (part ${item} of the file)` })
}

/** @throws {CliError} `CLI_INPUT_UNREADABLE`. */
async function reportOn(
  file: string,
  options: VerifyOptions,
  signal: AbortSignal,
): Promise<BundleReport | ProvenReceipt> {
  const network = networkOf(options.mesh)
  const signatures = options.headsOnly === true ? 'heads' : 'all'
  const verifier = new BundleVerifier(nodeCrypto, { network, signatures })
  try {
    await using opened = await open(file)
    // One buffer for the whole file: the verifier keeps nothing of it.
    const buffer = new Uint8Array(READ_BYTES)
    for (let first = true; ; first = false) {
      signal.throwIfAborted()
      const { bytesRead } = await opened.read(buffer, 0, READ_BYTES)
      const bytes = buffer.subarray(0, bytesRead)
      if (bytesRead === 0) break
      if (first && bytes[0] !== ITEM_BYTE)
        return proofReport(await wholeProof(opened, bytes), network)
      if (!verifier.push(bytes)) break
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path: file }, { cause: error })
  }
  return verifier.finish()
}

/** The file that begins with `first`, as far as a proof may be long. */
async function wholeProof(opened: FileHandle, first: Uint8Array): Promise<Uint8Array> {
  const { size } = await opened.stat()
  const rest = new Uint8Array(Math.max(0, Math.min(size, PROOF_BYTES_MAX) - first.length))
  const { bytesRead } = await opened.read(rest, 0, rest.length)
  return concatBytes([first, rest.subarray(0, bytesRead)])
}

/** What a file that is no bundle is: a receipt, a proof of equivocation, or nothing of ours. */
function proofReport(
  bytes: Uint8Array,
  network: Uint8Array | undefined,
): BundleReport | ProvenReceipt {
  const receipt = verifyReceiptProof(nodeCrypto, bytes)
  if (receipt.type === 'value') {
    return network === undefined || bytesEqual(network, receipt.value.network)
      ? receipt.value
      : problemReport('LEDGER_NETWORK_MISMATCH', 'expected a receipt of the given mesh')
  }
  const proven = verifyEquivocation(nodeCrypto, bytes.subarray(0, LIMITS.EVIDENCE_BYTES_MAX + 1))
  if (proven.type === 'refused') {
    // Of what has the form of neither, nothing more can be said than that.
    const { code, reason } = receipt.code === 'LEDGER_MALFORMED' ? proven : receipt
    return problemReport(code, reason)
  }
  const fork = problemReport('LEDGER_FORK_PROVEN', 'expected one history, got proof of two')
  return { ...fork, status: 'fork', evidence: [proven.value.proof] }
}

function problemReport(code: LedgerErrorCode, reason: string): BundleReport {
  const problem = { code, reason, item: 0, seq: 0 }
  return { status: 'invalid', problem, log: undefined, evidence: [] }
}

function networkOf(mesh: string | undefined): Uint8Array | undefined {
  if (mesh === undefined) return undefined
  const id = asMeshId(mesh)
  if (id === undefined) {
    const problem = `--mesh: expected the 64 hexadecimal digits of a mesh, got ${mesh}`
    throw new CliError({ code: 'CLI_USAGE_INVALID', problem, command: 'brume ledger verify' })
  }
  return fromHex(id)
}
