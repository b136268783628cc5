/**
 * Signs the manifest of a release: `node scripts/sign-release.ts KEY.pem FOLDER OUT`.
 *
 * KEY.pem is a private Ed25519 key (`openssl genpkey -algorithm ed25519`) that stays offline; FOLDER
 * holds the release, of which every file is listed. Devices show OUT as `attestation.manifest`.
 *
 * @module
 */

import { createHash, createPrivateKey, sign } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { signManifest } from '../attestation/index.ts'

const [keyPath, folder, out] = process.argv.slice(2)
if (keyPath === undefined || folder === undefined || out === undefined) {
  throw new Error('usage: node scripts/sign-release.ts KEY.pem FOLDER OUT')
}
const key = createPrivateKey(readFileSync(keyPath))
const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { readonly version: string }
const files = readdirSync(folder, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map(({ parentPath, name }) => join(parentPath, name))
  .toSorted()
  .map((path) => ({
    path: relative(folder, path),
    sha256: new Uint8Array(createHash('sha256').update(readFileSync(path)).digest()),
  }))
const signed = signManifest(
  { version, files },
  (message) => new Uint8Array(sign(null, message, key)),
)
writeFileSync(out, signed)
process.stdout.write(`signed ${files.length} files of ${version}: ${out}\n`)
