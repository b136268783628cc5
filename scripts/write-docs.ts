/**
 * Writes the pages and the one module that are assembled from the code: run it after a change of
 * an error table or of a setting.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { configurationDocument } from '../config/document.ts'
import { catalogueSource, errorsPage, findErrorTables } from './error-tables.ts'

const tables = await findErrorTables()
const written: readonly (readonly [path: string, text: string])[] = [
  ['node/error-catalogue.ts', catalogueSource(tables)],
  ['docs/errors.md', errorsPage(tables)],
  ['docs/configuration.md', configurationDocument()],
]
for (const [path, text] of written) {
  writeFileSync(path, text)
  process.stdout.write(`wrote ${path}\n`)
}
