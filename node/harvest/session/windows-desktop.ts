/**
 * The session of a Windows user, from one PowerShell that calls the system's own functions:
 * GetLastInputInfo, and SHQueryUserNotificationState for games, films and talks.
 *
 * @module
 */

import type { SessionReport } from './session-report.ts'

export const WINDOWS_SESSION_SCRIPT = `
$ErrorActionPreference = 'Stop'
Add-Type @'
using System; using System.Runtime.InteropServices;
public static class Session {
  [StructLayout(LayoutKind.Sequential)] struct Info { public uint size; public uint time; }
  [DllImport("user32.dll")] static extern bool GetLastInputInfo(ref Info info);
  [DllImport("shell32.dll")] static extern int SHQueryUserNotificationState(out int state);
  [DllImport("kernel32.dll")] static extern uint GetTickCount();
  public static uint Idle() {
    Info info = new Info(); info.size = 8; GetLastInputInfo(ref info);
    return unchecked(GetTickCount() - info.time);
  }
  public static int State() { int state; SHQueryUserNotificationState(out state); return state; }
}
'@
while ($true) {
  [Console]::Out.WriteLine("$([Session]::Idle()) $([Session]::State())")
  Start-Sleep -Milliseconds 250
}`

export const WINDOWS_SESSION_COMMAND = [
  'powershell.exe',
  '-NoLogo',
  '-NoProfile',
  '-NonInteractive',
  '-Command',
  WINDOWS_SESSION_SCRIPT,
] as const

/** QUERY_USER_NOTIFICATION_STATE: nobody there or locked; full screen; a game; a talk. */
const NOT_PRESENT = 1
const COVERED: ReadonlySet<number> = new Set([2, 3, 4])

/** `1234 5`: idle time in ms, and the state. Undefined for anything else. */
export function windowsSession(line: string): SessionReport | undefined {
  const found = /^(\d{1,10}) ([1-7])$/.exec(line.trim())
  if (found === null) return undefined
  const state = Number(found[2])
  return {
    idleMs: Number(found[1]),
    locked: state === NOT_PRESENT,
    fullscreen: COVERED.has(state),
  }
}
