/**
 * What a program of the system prints, for signals that no file holds.
 *
 * @module
 */

import { execFile } from 'node:child_process'

/** The text that `file` prints. Rejects when it fails, prints too much, or takes too long. */
export type RunCommand = (file: string, words: readonly string[]) => Promise<string>

/** A program that answers later than this is taken for one that does not answer, in ms. */
const COMMAND_MS_MAX = 5_000

/** Bytes that a program may print at once. */
const OUTPUT_BYTES_MAX = 1_048_576

/** Names of units and numbers as every locale but this one writes them are not understood. */
export const COMMAND_ENVIRONMENT = { ...process.env, LC_ALL: 'C' }

export const runCommand: RunCommand = (file, words) =>
  new Promise((resolve, reject) => {
    execFile(
      file,
      words,
      {
        timeout: COMMAND_MS_MAX,
        killSignal: 'SIGKILL',
        maxBuffer: OUTPUT_BYTES_MAX,
        env: COMMAND_ENVIRONMENT,
        windowsHide: true,
      },
      (error, stdout) => {
        if (error === null) resolve(stdout)
        else reject(error)
      },
    )
  })
