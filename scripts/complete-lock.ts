/**
 * Completes package-lock.json with the packages of other platforms: `npm run lock` after `npm install`.
 *
 * npm leaves an optional package out of the lock file when the registry at hand
 * does not have it, and `npm ci` then refuses the file everywhere. What such a
 * package is for stands in its name, its version with the package that wants it.
 *
 * @module
 */

import { readFileSync, writeFileSync } from 'node:fs'

/** One package in package-lock.json, as far as it matters here. */
interface Locked {
  readonly version?: string
  readonly optional?: boolean
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

interface Lock {
  readonly packages: Record<string, Locked>
}

const PATH = 'package-lock.json'
const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony']
const PROCESSORS = ['arm64', 'arm', 'ia32', 'loong64', 'ppc64', 'riscv64', 's390x', 'x64', 'wasm32']

const lock = JSON.parse(readFileSync(PATH, 'utf8')) as Lock
let added = 0
for (const { optionalDependencies = {} } of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const place = `node_modules/${name}`
    if (lock.packages[place] !== undefined || !/^\d+\.\d+\.\d+$/.test(version)) continue
    lock.packages[place] = { version, ...platformOf(name), optional: true }
    added++
  }
}
const { '': root, ...rest } = lock.packages
const sorted = Object.entries(rest).toSorted(([a], [b]) => (a < b ? -1 : 1))
const packages = { ...(root === undefined ? {} : { '': root }), ...Object.fromEntries(sorted) }
writeFileSync(PATH, `${JSON.stringify({ ...lock, packages }, null, 2)}\n`)
process.stdout.write(`added ${added} packages of other platforms to ${PATH}\n`)

/** What `npm` compares with the machine before it fetches such a package. */
function platformOf(name: string): Locked {
  const words = name.split(/[-/]/)
  const system = words.includes('win32') ? 'win32' : SYSTEMS.find((word) => words.includes(word))
  const processor = PROCESSORS.find((word) => words.some((part) => part === word))
  if (system === undefined || processor === undefined) throw new Error(`${name}: which platform?`)
  const libc = words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc'
  return {
    cpu: [processor],
    ...(system === 'linux' ? { libc: [libc] } : {}),
    os: [system],
  }
}
