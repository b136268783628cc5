/**
 * `brume text …`: list, show and cancel texts.
 *
 * @module
 */

import type { Command } from 'commander'
import type { TextList, TextView } from '../../api/schemas/texts.ts'
import type { Cli } from '../cli.ts'
import { shortId } from '../quantity-text.ts'
import { textListLines, textReportLines } from '../text-report.ts'

export function addText(program: Command, cli: Cli): void {
  const text = program.command('text').description('texts that this device asked for')
  text
    .command('list')
    .description('list texts, latest first')
    .action(() => listTexts(cli))
  text
    .command('show')
    .description('show a text: its words, stages, timings, receipts')
    .argument('<id>', 'id of a text, or how it begins')
    .action((id: string) => showText(cli, id))
  text
    .command('cancel')
    .description('stop a text that is being written')
    .argument('<id>', 'id of a text, or how it begins')
    .action((id: string) => cancelText(cli, id))
}

async function listTexts(cli: Cli): Promise<void> {
  const client = await cli.client()
  const { texts } = await client.get<TextList>('/v1/texts')
  cli.print({ texts }, () => textListLines(texts, cli.width))
}

async function showText(cli: Cli, id: string): Promise<void> {
  const client = await cli.client()
  const text = await client.get<TextView>(`/v1/texts/${encodeURIComponent(id)}`)
  cli.print({ text }, () => textReportLines(text, cli.width))
}

async function cancelText(cli: Cli, id: string): Promise<void> {
  const client = await cli.client()
  const text = await client.delete<TextView>(`/v1/texts/${encodeURIComponent(id)}`)
  cli.print({ text }, () => `text ${shortId(text.id)} ${text.state}`)
}
