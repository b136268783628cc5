/**
 * The calls of the file system that storage makes, so that a test can let any of them fail.
 *
 * @module
 */

import * as files from 'node:fs/promises'

/** Part of node:fs/promises. */
export type FileSystem = Pick<
  typeof files,
  | 'chmod'
  | 'link'
  | 'lstat'
  | 'mkdir'
  | 'open'
  | 'readdir'
  | 'readFile'
  | 'rename'
  | 'rm'
  | 'stat'
  | 'statfs'
  | 'unlink'
>

/** The real one. */
export const nodeFileSystem: FileSystem = files

/** True when `error` of the operating system has this code (`ENOENT`, …). */
export function hasErrno(error: unknown, code: string): boolean {
  return error instanceof Error && (error as NodeJS.ErrnoException).code === code
}
