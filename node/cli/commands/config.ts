/**
 * `brume config show` and `brume config validate`: settings, and where each came from.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Cli } from '../cli.ts'
import { collected } from '../option-values.ts'
import { tableLines } from '../table.ts'

interface ConfigOptions {
  readonly set: readonly string[]
  readonly origin?: boolean
}

export function addConfig(program: Command, cli: Cli): void {
  const config = program.command('config').description('settings of the daemon')
  config
    .command('show')
    .description('show every setting')
    .option('--origin', 'and where its value came from')
    .option('--set <section.key=value>', 'as with brume up; may be repeated', collected, [])
    .action((options: ConfigOptions) => showConfig(cli, options))
  config
    .command('validate')
    .description('check the configuration without starting anything')
    .option('--set <section.key=value>', 'as with brume up; may be repeated', collected, [])
    .action((options: ConfigOptions) => validateConfig(cli, options))
}

async function load(cli: Cli, { set }: ConfigOptions) {
  const { loadCliConfig, settingsOf } = await import('../cli-config.ts')
  return loadCliConfig(cli, settingsOf(set))
}

async function showConfig(cli: Cli, options: ConfigOptions): Promise<void> {
  const { config, origins } = await load(cli, options)
  const { originText, SETTINGS } = await import('../../../config/index.ts')
  const sections = config as unknown as Record<string, Record<string, unknown>>
  const settings = SETTINGS.map(({ name, section, key }) => ({
    name,
    value: sections[section]?.[key],
    origin: originText(origins.get(name) ?? { type: 'default' }),
  }))
  cli.print({ settings }, () => {
    const titles = [{ title: 'setting' }, { title: 'value' }, { title: 'origin' }]
    const rows = settings.map(({ name, value, origin }) => [
      name,
      value === undefined ? 'by template' : JSON.stringify(value),
      origin,
    ])
    return tableLines(options.origin === true ? titles : titles.slice(0, 2), rows)
  })
}

async function validateConfig(cli: Cli, options: ConfigOptions): Promise<void> {
  const { file } = await load(cli, options)
  cli.print({ valid: true, file: file ?? null }, () =>
    file === undefined ? 'valid (no file)' : `valid: ${file}`,
  )
}
