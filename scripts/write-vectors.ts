/**
 * Writes the vectors that are made by the code rather than taken from a standard: `npm run vectors`.
 *
 * A file that changes is a change of a format: peers of yesterday will not understand it.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { ed25519Vectors } from './ed25519-vectors.ts'
import { epochVectors } from './epoch-vectors.ts'
import { ledgerVectors } from './ledger-vectors.ts'
import { trustVectors } from './trust-vectors.ts'

const written: readonly (readonly [path: string, text: string])[] = [
  ['test/vectors/ed25519.txt', ed25519Vectors()],
  ['test/vectors/ledger.json', ledgerVectors()],
  ['test/vectors/trust.json', trustVectors()],
  ['test/vectors/epoch.json', epochVectors()],
]
for (const [path, text] of written) {
  writeFileSync(path, text)
  process.stdout.write(`wrote ${path}\n`)
}
