/**
 * Finds the error table of every folder, and writes from them what must be in step with all of them.
 *
 * @module
 */

import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { ErrorCode, ErrorRow, ErrorTable } from '../core/errors.ts'

/** One exported `…_ERRORS`. */
export interface FoundTable {
  /** Path of its module from the root, with forward slashes. */
  readonly path: string
  /** Name of the export. */
  readonly name: string
  readonly table: ErrorTable<ErrorCode>
}

/** Rooms whose failures reach the faces of the daemon. */
const DAEMON = /^(?:config|ledger|models|attestation|trust|protocols|node)\//

/** Every error table of the repository, by path. */
export async function findErrorTables(): Promise<readonly FoundTable[]> {
  const paths = globSync(
    '{config,ledger,models,attestation,trust,protocols,node,examples}/**/errors.ts',
  )
    .map((path) => path.replaceAll('\\', '/'))
    .toSorted()
  const found = await Promise.all(
    paths.map(async (path) => {
      const exported = (await import(pathToFileURL(resolve(path)).href)) as Record<string, unknown>
      return Object.entries(exported)
        .filter(([name]) => name.endsWith('_ERRORS'))
        .map(([name, table]) => ({ path, name, table: table as ErrorTable<ErrorCode> }))
    }),
  )
  return found.flat()
}

/** The text of node/error-catalogue.ts. */
export function catalogueSource(tables: readonly FoundTable[]): string {
  const daemon = tables.filter(({ path }) => DAEMON.test(path))
  const imports = daemon.map(({ path, name }) => {
    const from = path.startsWith('node/') ? `./${path.slice('node/'.length)}` : `../${path}`
    return { from, line: `import { ${name} } from '${from}'` }
  })
  return `/**
 * Every error code of the daemon, with what its faces say about it.
 *
 * Written by \`npm run docs\` from the errors.ts of each folder; a test holds them together.
 *
 * @module
 */

import type { ErrorRow } from '../core/errors.ts'
${imports.map(({ line }) => line).join('\n')}

/** All rows by their code. */
export const ERROR_CATALOGUE: Readonly<Record<string, ErrorRow>> = {
${daemon.map(({ name }) => `  ...${name},`).join('\n')}
}

/** What to say about \`code\`, or undefined when it is no code of this project. */
export function errorRow(code: string): ErrorRow | undefined {
  return Object.hasOwn(ERROR_CATALOGUE, code) ? ERROR_CATALOGUE[code] : undefined
}
`
}

/** The text of docs/errors.md. */
export function errorsPage(tables: readonly FoundTable[]): string {
  return `# Error codes

Every failure has a code that does not change within a major version. Programs look at the code, people at
the message; both come with the hint below. *Retry* says whether the same request may succeed later without
a change. *Exit* is the exit code of \`brume\`, *status* that of the HTTP API.

This page is written by \`npm run docs\` from the tables in the code.
${tables.map(section).join('')}`
}

function section({ path, table }: FoundTable): string {
  const rows = Object.entries(table).toSorted(([a], [b]) => a.localeCompare(b))
  return `
## ${path.replace('/errors.ts', '')}

| code | meaning | what to do | retry | exit | status |
| --- | --- | --- | --- | --- | --- |
${rows.map(([code, row]) => rowLine(code, row)).join('\n')}
`
}

function rowLine(code: string, row: ErrorRow): string {
  const { meaning, hint, retryable, exit, status } = row
  const cells = [code, sentence(meaning), sentence(hint), retryable ? 'yes' : 'no', exit, status]
  return `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

/** The codes that a source text names in quotes. */
export function codesIn(path: string): readonly string[] {
  const text = readFileSync(path, 'utf8')
  return [...text.matchAll(/code: '([A-Z][A-Z0-9]*_[A-Z0-9_]+)'/g)].map((match) => match[1] ?? '')
}
