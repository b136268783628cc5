/**
 * Takes a process off the processor on Windows, and lets it go on where it was.
 *
 * Node has no call for it: NtSuspendProcess stops every thread of a process, and is reached through
 * one PowerShell that is started when the first process is to be frozen and kept from then on.
 * Where PowerShell may not compile such calls (constrained language mode) it says so, and the
 * process goes on until it is asked to leave, then ended: the steps after freezing, with their bounds.
 *
 * @module
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Logger } from '../../core/logger.ts'

/** What stops the threads of a process: {@link WindowsFreezer} where signals cannot. */
export interface ProcessFreezer {
  /** Asks for it; false when that is known to be in vain. */
  suspend(pid: number): boolean
  resume(pid: number): void
}

/** Lines in are `suspend PID` and `resume PID`; lines out are `PID VERB STATUS`, 0 when it was done. */
export const FREEZER_SCRIPT = `
$ErrorActionPreference = 'Stop'
try {
  Add-Type -Namespace Brume -Name Native -MemberDefinition @'
[DllImport("ntdll.dll")] public static extern int NtSuspendProcess(System.IntPtr process);
[DllImport("ntdll.dll")] public static extern int NtResumeProcess(System.IntPtr process);
'@
} catch { [Console]::Out.WriteLine('0 compile -1'); exit 1 }
while ($null -ne ($line = [Console]::In.ReadLine())) {
  $verb, $id = $line.Split(' ')
  try {
    $handle = [Diagnostics.Process]::GetProcessById([int]$id).Handle
    if ($verb -eq 'suspend') { $status = [Brume.Native]::NtSuspendProcess($handle) }
    else { $status = [Brume.Native]::NtResumeProcess($handle) }
  } catch { $status = -1 }
  [Console]::Out.WriteLine("$id $verb $status")
}`

const COMMAND = ['-NoLogo', '-NoProfile', '-NonInteractive', '-Command', FREEZER_SCRIPT] as const

/** What one line of the script says; undefined when it is none. */
export function freezerAnswer(
  line: string,
): { readonly pid: number; readonly verb: string; readonly done: boolean } | undefined {
  const found = /^(\d{1,10}) (suspend|resume|compile) (-?\d{1,10})\r?$/.exec(line)
  if (found === null) return undefined
  const [, pid = '', verb = '', status = ''] = found
  return { pid: Number(pid), verb, done: Number(status) === 0 }
}

export class WindowsFreezer implements ProcessFreezer {
  readonly #logger: Logger
  readonly #start: () => ChildProcess
  #shell: ChildProcess | undefined
  #inVain = false

  /** @param start - Starts the script with a pipe on its input and output. */
  constructor(logger: Logger, start: () => ChildProcess = startPowerShell) {
    this.#logger = logger
    this.#start = start
  }

  suspend(pid: number): boolean {
    return this.#say('suspend', pid)
  }

  resume(pid: number): void {
    this.#say('resume', pid)
  }

  /** Ends the script: what is frozen then stays so until it is ended. */
  stop(): void {
    this.#shell?.stdin?.end()
    this.#shell = undefined
  }

  #say(verb: 'suspend' | 'resume', pid: number): boolean {
    if (this.#inVain) return false
    this.#shell ??= this.#begin()
    this.#shell.stdin?.write(`${verb} ${pid}\n`)
    return true
  }

  #begin(): ChildProcess {
    const shell = this.#start()
    if (shell.stdout !== null) {
      createInterface({ input: shell.stdout }).on('line', (line) => this.#onLine(line))
    }
    shell.stdin?.on('error', () => undefined)
    const onEnd = (): void => {
      if (this.#shell === shell) this.#shell = undefined
    }
    shell.once('close', onEnd)
    shell.once('error', () => this.#giveUp('PowerShell cannot be started'))
    return shell
  }

  #onLine(line: string): void {
    const answer = freezerAnswer(line)
    if (answer === undefined || answer.done) return
    const { pid, verb } = answer
    if (verb === 'compile') this.#giveUp('PowerShell may not call NtSuspendProcess')
    else this.#logger.warn('process not frozen', { pid, verb })
  }

  #giveUp(why: string): void {
    this.#inVain = true
    this.#logger.warn('processes cannot be frozen here: they are ended instead', { why })
  }
}

function startPowerShell(): ChildProcess {
  return spawn('powershell.exe', COMMAND, {
    stdio: ['pipe', 'pipe', 'ignore'],
    windowsHide: true,
  })
}
