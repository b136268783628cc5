/**
 * Where session helpers find their daemon.
 *
 * @module
 */

/** Of the socket in the daemon's state folder; on Windows, which has none, of a pipe that is named after it. */
export function sessionSocketPath(stateDir: string, platform: NodeJS.Platform): string {
  if (platform !== 'win32') return `${stateDir}/session.sock`
  // The end of the path is what differs, and pipes have short names.
  return `\\\\.\\pipe\\brume-${Buffer.from(stateDir).toString('hex').slice(-64)}`
}
