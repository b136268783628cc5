import { globSync, readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import { SETTINGS } from '../config/index.ts'
import { REASON_MEANINGS } from '../node/harvest/reasons.ts'
import {
  catalogueSource,
  codesIn,
  errorsPage,
  findErrorTables,
  type FoundTable,
} from '../scripts/error-tables.ts'

const ROOMS = '{config,core,ledger,models,attestation,trust,protocols,node,examples}'
const modules = globSync(`${ROOMS}/**/*.ts`).filter((path) => !path.endsWith('.test.ts'))

let tables: readonly FoundTable[] = []
beforeAll(async () => {
  tables = await findErrorTables()
})

describe('error codes', () => {
  it('stand in one table each', () => {
    const codes = tables.flatMap(({ table }) => Object.keys(table))
    expect(codes.filter((code, index) => codes.indexOf(code) !== index)).toEqual([])
  })

  it('have a row for every one that the code names', () => {
    // Reasons of the governor are codes too, with meanings of their own.
    const reasons = Object.keys(REASON_MEANINGS)
    const listed = new Set([...reasons, ...tables.flatMap(({ table }) => Object.keys(table))])
    const unlisted = modules.flatMap((path) =>
      codesIn(path)
        .filter((code) => !listed.has(code))
        .map((code) => `${path}: ${code}`),
    )
    expect(unlisted).toEqual([])
  })

  it('are used by some module beside the one that lists them', () => {
    const texts = modules
      .filter((path) => !path.endsWith('errors.ts'))
      .map((path) => readFileSync(path, 'utf8'))
    const unused = tables.flatMap(({ path, table }) =>
      Object.keys(table)
        .filter((code) => !texts.some((text) => text.includes(`'${code}'`)))
        .map((code) => `${path}: ${code}`),
    )
    expect(unused).toEqual([])
  })

  it('name settings that there are', () => {
    const sections = [...new Set(SETTINGS.map(({ section }) => section))]
    const named = new RegExp(`\\b(?:${sections.join('|')}|inference)\\.[A-Za-z_]+`, 'g')
    // A file of the state directory is called so.
    const known = new Set(['api.key', ...SETTINGS.map(({ name }) => name)])
    const unknown = tables.flatMap(({ table }) =>
      Object.entries(table).flatMap(([code, { meaning, hint }]) =>
        [...`${meaning} ${hint}`.matchAll(named)]
          .filter(([name]) => !known.has(name))
          .map(([name]) => `${code}: ${name}`),
      ),
    )
    expect(unknown).toEqual([])
  })

  it('say what happened and what to do, as one sentence each without a full stop', () => {
    const wordy = tables.flatMap(({ table }) =>
      Object.entries(table)
        .filter(([, { meaning, hint }]) =>
          [meaning, hint].some((text) => text.length < 8 || /[.\n]$/.test(text)),
        )
        .map(([code]) => code),
    )
    expect(wordy).toEqual([])
  })
})

describe('what is assembled from the tables', () => {
  it('is in step: run `npm run docs` after a change of an error table', () => {
    expect(readFileSync('docs/errors.md', 'utf8')).toBe(errorsPage(tables))
    expect(readFileSync('node/error-catalogue.ts', 'utf8')).toBe(catalogueSource(tables))
  })
})
