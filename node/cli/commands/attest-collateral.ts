/**
 * `brume attest collateral import` and `list`: what vendors say today, and roots of TPM makers.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { type Command, InvalidArgumentError } from 'commander'
import { textOf } from '../../../core/bytes.ts'
import type { CollateralList, CollateralView } from '../../api/schemas/attestation.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { bytesText, shortId } from '../quantity-text.ts'
import { tableLines } from '../table.ts'

interface ImportOptions {
  readonly issuers?: string
  readonly fingerprint?: string
}

export function addAttestCollateral(attest: Command, cli: Cli): void {
  const collateral = attest
    .command('collateral')
    .description('what vendors say today of their hardware, kept by the daemon')
  collateral
    .command('import')
    .description(
      'verify collateral from files and keep it: see docs/attestation.md for where it is',
    )
    .argument('<file...>', 'revocation lists in DER, JSON of Intel or Google, a root in PEM')
    .option('--issuers <file>', 'the signer and its issuers in PEM, where a file lacks them')
    .option('--fingerprint <hex>', 'SHA-256 of the root of TPM makers to trust', fingerprintValue)
    .action((files: readonly string[], options: ImportOptions) => importFiles(cli, files, options))
  collateral
    .command('list')
    .description('the collateral that is at hand')
    .action(() => showAll(cli))
}

async function importFiles(
  cli: Cli,
  files: readonly string[],
  { issuers, fingerprint }: ImportOptions,
): Promise<void> {
  const client = await cli.client()
  const issuerChain = issuers === undefined ? '' : (textOf(await contentOf(cli, issuers)) ?? '')
  const added: CollateralView[] = []
  for (const file of files) {
    const content = Buffer.from(await contentOf(cli, file)).toString('base64')
    const { collateral } = await client.post<CollateralList>('/v1/attestations/collateral', {
      content,
      issuerChain,
      ...(fingerprint === undefined ? {} : { fingerprint }),
    })
    added.push(...collateral)
  }
  cli.print({ collateral: added }, () =>
    added.length === 0 ? 'nothing new: all of it was here' : lines(added, cli.width),
  )
}

async function showAll(cli: Cli): Promise<void> {
  const client = await cli.client()
  const { collateral } = await client.get<CollateralList>('/v1/attestations/collateral')
  cli.print({ collateral }, () =>
    collateral.length === 0
      ? 'no collateral yet: brume attest collateral import FILE'
      : lines(collateral, cli.width),
  )
}

const COLUMNS = [
  { title: 'about' },
  { title: 'issued' },
  { title: 'next update' },
  { title: 'size', align: 'right', spare: 2 },
  { title: 'id', spare: 1 },
] as const

function lines(items: readonly CollateralView[], width: number | undefined): readonly string[] {
  const rows = items.map(({ about, issuedMs, nextUpdateMs, bytes, id }) => [
    aboutText(about),
    dateText(issuedMs),
    dateText(nextUpdateMs),
    bytesText(bytes),
    shortId(id),
  ])
  return tableLines(COLUMNS, rows, width)
}

/** Hashes of issuers are long, and told apart by their beginnings. */
function aboutText(about: string): string {
  return about.replace(/[0-9a-f]{64}/, (hash) => shortId(hash))
}

function dateText(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

async function contentOf(cli: Cli, file: string): Promise<Uint8Array> {
  const path = resolve(cli.surroundings.workingDir, file)
  try {
    return new Uint8Array(await readFile(path))
  } catch (cause) {
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause })
  }
}

function fingerprintValue(text: string): string {
  const hex = text.replaceAll(':', '').toLowerCase()
  if (/^[0-9a-f]{64}$/.test(hex)) return hex
  throw new InvalidArgumentError('expected SHA-256 in hexadecimal')
}
