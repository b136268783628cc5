/**
 * How much space is left on the disk of a folder.
 *
 * @module
 */

import { statfs } from 'node:fs/promises'

/** Bytes that this process may still write there. @throws {Error} what the system says of a folder that is not there. */
export async function freeBytesIn(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}
