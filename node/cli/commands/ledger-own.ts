/**
 * `brume ledger show`, `note`, `export` and `prove`: the ledger of this device.
 *
 * @module
 */

import { createWriteStream } from 'node:fs'
import { rename, rm, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Command } from 'commander'
import { fromBase64Url } from '../../../core/bytes.ts'
import type {
  LedgerNote,
  LedgerSummary,
  LedgerView,
  ReceiptProofView,
} from '../../api/schemas/ledger.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { summaryLines } from '../ledger-summary-report.ts'

interface ShowOptions {
  readonly days: string
}

interface ExportOptions {
  readonly out: string
  readonly from: string
}

interface ProveOptions {
  readonly task: string
  readonly out: string
}

export function addOwnLedger(ledger: Command, cli: Cli): void {
  ledger
    .command('show')
    .description('what this device earned and spent, by day and by device')
    .option('--days <count>', 'the last days on which receipts ended', '14')
    .action((options: ShowOptions) => show(cli, options))
  ledger
    .command('note')
    .description('write a note into the ledger of this device, for whoever reads it')
    .argument('<text>', 'at most 1,024 characters')
    .action((text: string) => note(cli, text))
  ledger
    .command('export')
    .description('write the ledger to a file that anybody can verify')
    .requiredOption('--out <file>', 'where to')
    .option('--from <entry>', 'the first entry', '0')
    .action((options: ExportOptions) => exportTo(cli, options))
  ledger
    .command('prove')
    .description('write the receipt of a task to a file, with the proof that it is in the ledger')
    .requiredOption('--task <id>', 'the task, as the receipts of a job show it')
    .requiredOption('--out <file>', 'where to')
    .action((options: ProveOptions) => prove(cli, options))
}

async function show(cli: Cli, { days }: ShowOptions): Promise<void> {
  const client = await cli.client()
  const ledger = await client.get<LedgerView>('/v1/ledger')
  const query = new URLSearchParams({ days }).toString()
  const summary = await client.get<LedgerSummary>(`/v1/ledger/summary?${query}`)
  cli.print({ ledger: { ...ledger, ...summary } }, () => summaryLines(ledger, summary, cli.width))
}

async function note(cli: Cli, text: string): Promise<void> {
  const client = await cli.client()
  const { seq } = await client.post<LedgerNote>('/v1/ledger/notes', { text })
  cli.print({ seq }, () => `entry ${seq}`)
}

async function exportTo(cli: Cli, { out, from }: ExportOptions): Promise<void> {
  const client = await cli.client()
  const part = `${out}.part`
  const query = new URLSearchParams({ from }).toString()
  const path = `/v1/ledger/bundle?${query}`
  let bytes = 0
  await cli.interruptible(async (signal) => {
    const pieces = client.pieces(path, signal)
    // What the daemon refuses is told before anything is written.
    const first = await pieces.next()
    const counted = async function* (): AsyncGenerator<Uint8Array> {
      if (first.done !== true) yield first.value
      yield* pieces
    }
    await writable(out, async () => {
      const file = createWriteStream(part)
      try {
        await pipeline(Readable.from(counted()), file)
        await rename(part, out)
      } finally {
        await rm(part, { force: true })
      }
      bytes = file.bytesWritten
    })
  })
  cli.print({ file: out, bytes }, () => `wrote ${out}: check it with brume ledger verify`)
}

async function prove(cli: Cli, { task, out }: ProveOptions): Promise<void> {
  const client = await cli.client()
  const path = `/v1/ledger/receipts/${encodeURIComponent(task)}/proof`
  const { proof, stage } = await client.get<ReceiptProofView>(path)
  const bytes = fromBase64Url(proof)
  if (bytes === undefined) throw new CliError({ code: 'CLI_RESPONSE_INVALID', path })
  await writable(out, () => writeFile(out, bytes))
  cli.print({ file: out, task, stage }, () => `wrote ${out}: the receipt is ${stage}`)
}

/** @throws {CliError} `CLI_OUTPUT_UNWRITABLE` for what the file system refuses. */
async function writable(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write()
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error
    throw new CliError({ code: 'CLI_OUTPUT_UNWRITABLE', path }, { cause: error })
  }
}
