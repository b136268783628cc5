/**
 * The program in few files, as `npm run bundle` leaves it, and whether it is still what the sources say.
 *
 * A daemon that runs from the sources compiles and keeps hundreds of files, and all that they
 * import; from the bundle it starts in a third of the time and takes much less memory.
 *
 * @module
 */

import { readFileSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** Root of the repository, or of the package. */
const ROOT = new URL('../', import.meta.url)

/** Size in bytes and time of the last change, in ms since the epoch, of one source. */
export type SourceStamp = readonly [sizeBytes: number, changedMs: number]

/** The bundle that was made last. */
export interface LatestBundle {
  /** Name of its folder, hexadecimal: each bundle has one, so that daemons may go on with an older one. */
  readonly folder: string
  /** What it was made of, by path from the root with `/`; at least one. */
  readonly sources: Readonly<Record<string, SourceStamp>>
}

/** A bundle that is there and fresh. */
export interface Bundle {
  readonly program: URL
  /** Where Node keeps what it has compiled of the bundle. */
  readonly cacheDir: string
}

/** Folder of the bundles. */
export function bundlesDir(root = ROOT): URL {
  return new URL('dist/bundle/', root)
}

/** The file that says which bundle is the latest. */
export function latestFile(root = ROOT): URL {
  return new URL('latest.json', bundlesDir(root))
}

/** The latest bundle, unless there is none or one of its sources has changed since. */
export function findBundle(root = ROOT): Bundle | undefined {
  const latest = readLatest(root)
  if (latest === undefined) return undefined
  for (const [path, [sizeBytes, changedMs]] of Object.entries(latest.sources)) {
    const now = stampOf(path, root)
    if (now === undefined || now[0] !== sizeBytes || now[1] !== changedMs) return undefined
  }
  const dir = new URL(`${latest.folder}/`, bundlesDir(root))
  return {
    program: new URL('program-main.js', dir),
    cacheDir: fileURLToPath(new URL('cache', dir)),
  }
}

/** Stamp of a source now; undefined when it is gone. */
export function stampOf(path: string, root = ROOT): SourceStamp | undefined {
  const stats = statSync(new URL(path, root), { throwIfNoEntry: false })
  return stats === undefined ? undefined : [stats.size, Math.trunc(stats.mtimeMs)]
}

/** Undefined when there is none that can be read: the sources do as well. */
function readLatest(root: URL): LatestBundle | undefined {
  try {
    const latest = JSON.parse(readFileSync(latestFile(root), 'utf8')) as LatestBundle | null
    return /^[0-9a-f]+$/.test(latest?.folder ?? '') ? (latest ?? undefined) : undefined
  } catch {
    return undefined
  }
}
