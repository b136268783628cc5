/**
 * `brume ledger verify`: whether the ledger in a file holds. Needs no daemon and no configuration.
 *
 * @module
 */

import { open } from 'node:fs/promises'
import type { Command } from 'commander'
import { asMeshId } from '../../../core/ids.ts'
import { fromHex } from '../../../core/bytes.ts'
import {
  type BundleReport,
  BundleVerifier,
  LedgerError,
  LIMITS,
  verifyEquivocation,
} from '../../../ledger/index.ts'
import { nodeCrypto } from '../../crypto/node-crypto.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { ledgerJson, ledgerLines } from '../ledger-report.ts'

/** Read at once, in bytes: some thousand entries. */
const READ_BYTES = 262_144
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
    .description('check the ledger, or the proof of a fork, in a file; needs no daemon')
    .argument('<file>', 'a bundle from a device, or a proof')
    .option('--mesh <id>', 'the mesh that it must be of')
    .option('--heads-only', 'leave out signatures that a signed head covers: faster, as sure')
    .action((file: string, options: VerifyOptions) => verify(cli, file, options))
}

async function verify(cli: Cli, file: string, options: VerifyOptions): Promise<void> {
  const report = await cli.interruptible((signal) => reportOn(file, options, signal))
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
): Promise<BundleReport> {
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
      if (first && bytes[0] !== ITEM_BYTE) return proofReport(bytes)
      if (!verifier.push(bytes)) break
    }
  } catch (error) {
    signal.throwIfAborted()
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path: file }, { cause: error })
  }
  return verifier.finish()
}

/** What a file that is no bundle is: a proof of equivocation, or nothing of ours. */
function proofReport(bytes: Uint8Array): BundleReport {
  const proven = verifyEquivocation(nodeCrypto, bytes.subarray(0, LIMITS.EVIDENCE_BYTES_MAX + 1))
  const place = { item: 0, seq: 0 }
  if (proven.type === 'refused') {
    const { code, reason } = proven
    return { status: 'invalid', problem: { code, reason, ...place }, log: undefined, evidence: [] }
  }
  const reason = 'expected one history, got proof of two'
  return {
    status: 'fork',
    problem: { code: 'LEDGER_FORK_PROVEN', reason, ...place },
    log: undefined,
    evidence: [proven.value.proof],
  }
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
