/**
 * Whether what goes over the network costs money, as NetworkManager knows or guesses it.
 *
 * NMMetered: 1 yes, 2 no, 3 probably, 4 probably not, 0 unknown.
 *
 * @module
 */

import type { RunCommand } from '../command-output.ts'

/** Undefined when it is not known. Rejects where there is no NetworkManager. */
export async function metered(run: RunCommand): Promise<boolean | undefined> {
  const name = 'org.freedesktop.NetworkManager'
  const object = [name, '/org/freedesktop/NetworkManager', name]
  return parseMetered(await run('busctl', ['--system', 'get-property', ...object, 'Metered']))
}

/** `u 1`, as busctl prints it. */
export function parseMetered(text: string): boolean | undefined {
  const value = /^u ([0-4])$/.exec(text.trim())?.[1]
  if (value === undefined || value === '0') return undefined
  return value === '1' || value === '3'
}
