/**
 * The page about all settings, made from their schemas: docs/configuration.md.
 *
 * @module
 */

import { HARVEST_TEMPLATES } from './harvest-templates.ts'
import { RELATIONS } from './relations.ts'
import { type Setting, SETTINGS } from './settings.ts'

/** docs/configuration.md as it must be; a test holds the file to it. */
export function configurationDocument(): string {
  const sections = [...new Set(SETTINGS.map((setting) => setting.section))]
  return [
    '# Configuration',
    '',
    'Each setting is taken from the first of these that names it: a flag (`--set section.key=value` or',
    'one of its own), an environment variable, the file that `--config` or `BRUME_CONFIG` names (else',
    '`brume.toml` in the state folder), its default. `brume config show --origin` prints every value and',
    'where it came from; `brume config validate` checks all of it without starting anything. A name that',
    'is no setting is an error. Sizes may be written `4GiB`, durations `10s`; lists in variables and',
    'flags are separated by commas.',
    '',
    'This page is generated from the schemas in config/.',
    ...sections.flatMap((section) => sectionLines(section)),
    '',
    '## Templates of `[harvest]`',
    '',
    'What `by template` stands for, above. `brume config show` prints what is set in their place.',
    '',
    ...templateLines(),
    '',
    '## Rules between settings',
    '',
    ...RELATIONS.map(({ names, reason }) => `- \`${names.join('`, `')}\`: ${reason}.`),
    '',
  ].join('\n')
}

function sectionLines(section: string): string[] {
  const settings = SETTINGS.filter((setting) => setting.section === section)
  const rows = settings.map((setting) => [
    `\`${setting.key}\``,
    `\`${setting.variable}\``,
    defaultText(setting),
    setting.expected,
    setting.meaning,
  ])
  const head = ['key', 'variable', 'default', 'values', 'meaning']
  return ['', `## \`[${section}]\``, '', ...tableLines([head, ...rows])]
}

function defaultText(setting: Setting): string {
  if (setting.name === 'state.dir') return 'by platform'
  return setting.default === undefined ? 'by template' : `\`${JSON.stringify(setting.default)}\``
}

/** One row a setting, one column a template. */
function templateLines(): string[] {
  const templates = Object.entries(HARVEST_TEMPLATES)
  const keys = SETTINGS.filter(
    ({ section, default: value }) => section === 'harvest' && value === undefined,
  ).map(({ key }) => key)
  const rows = keys.map((key) => [
    `\`${key}\``,
    ...templates.map(([, template]) => templateText(template[key as keyof typeof template])),
  ])
  return tableLines([['key', ...templates.map(([name]) => name)], ...rows])
}

function templateText(value: unknown): string {
  if (!Array.isArray(value)) return String(value)
  return value.length === 0 ? 'none' : value.join(', ')
}

/** A Markdown table whose columns are aligned, as the formatter wants it. */
function tableLines(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`
  const rule = `| ${widths.map((width) => '-'.repeat(width)).join(' | ')} |`
  return rows.flatMap((row, index) => (index === 0 ? [line(row), rule] : [line(row)]))
}
