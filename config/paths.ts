/**
 * Where files of Brume are by custom of each platform.
 *
 * Kept free of the schemas so that the command line finds a running daemon without loading them.
 *
 * @module
 */

export interface PathSources {
  /** As `process.platform` says it. */
  readonly platform: string
  readonly homeDir: string
  readonly env: Readonly<Record<string, string | undefined>>
}

/** Name of the configuration file inside the state folder. */
export const STATE_CONFIG_FILE = 'brume.toml'

/**
 * The state folder of this user when no setting names one.
 *
 * `$XDG_STATE_HOME/brume` (XDG base directory specification 0.8), `Application Support` on macOS,
 * `%LOCALAPPDATA%` on Windows.
 *
 * @example
 * ```ts
 * stateDirDefault({ platform: 'linux', homeDir: '/home/a', env: {} }) // => '/home/a/.local/state/brume'
 * ```
 */
export function stateDirDefault(sources: PathSources): string {
  const { platform, homeDir, env } = sources
  if (platform === 'win32') {
    return `${env['LOCALAPPDATA'] ?? `${homeDir}\\AppData\\Local`}\\Brume`
  }
  if (platform === 'darwin') return `${homeDir}/Library/Application Support/Brume`

  const stateHome = env['XDG_STATE_HOME']
  // The specification says that a relative path is to be ignored.
  const base = stateHome?.startsWith('/') ? stateHome : `${homeDir}/.local/state`
  return `${base}/brume`
}
