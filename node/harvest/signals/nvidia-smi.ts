/**
 * How busy NVIDIA's graphics processors are, from lines of `nvidia-smi dmon` and `pmon`.
 *
 * The driver knows more than its files show, and asking it takes a second of start: one program
 * each is kept running, which prints a line a card or process every two seconds.
 *
 * @module
 */

/** What one line of `dmon -s pucm` tells of a card. */
export interface NvidiaCard {
  readonly card: number
  /** From 0 to 1, by everyone. */
  readonly busyShare: number
  readonly celsius: number | undefined
  readonly memoryUsedBytes: number | undefined
}

/** What one line of `pmon -s um` tells of a process on a card. */
export interface NvidiaProcess {
  readonly card: number
  readonly pid: number
  /** True for one that draws, as a desktop does, and not only computes. */
  readonly draws: boolean
  /** Undefined where the driver does not tell it for this process. */
  readonly busyShare: number | undefined
  readonly memoryUsedBytes: number | undefined
}

export const NVIDIA_DMON = ['nvidia-smi', 'dmon', '-s', 'pucm', '-d', '2'] as const
export const NVIDIA_PMON = ['nvidia-smi', 'pmon', '-s', 'um', '-d', '2'] as const

const MEBIBYTE = 1024 * 1024

/** Reads rows by the names of their columns, which differ from driver to driver. */
export class NvidiaTable {
  #columns: readonly string[] = []

  /** Fields of a row by column; undefined for headings, and for rows before them. */
  row(line: string): ReadonlyMap<string, string> | undefined {
    const words = line.trim().split(/\s+/)
    if (words[0] === '#') {
      // Two headings: names, then units.
      if (words[1] === 'gpu') this.#columns = words.slice(1)
      return undefined
    }
    if (this.#columns.length === 0 || words.length < this.#columns.length) return undefined
    return new Map(this.#columns.map((name, index) => [name, words[index] ?? '-']))
  }
}

export function nvidiaCard(row: ReadonlyMap<string, string>): NvidiaCard | undefined {
  const card = numberAt(row, 'gpu')
  const busy = numberAt(row, 'sm')
  if (card === undefined || busy === undefined || busy > 100) return undefined
  return {
    card,
    busyShare: busy / 100,
    celsius: numberAt(row, 'gtemp'),
    memoryUsedBytes: mebibytesAt(row, 'fb'),
  }
}

export function nvidiaProcess(row: ReadonlyMap<string, string>): NvidiaProcess | undefined {
  const card = numberAt(row, 'gpu')
  const pid = numberAt(row, 'pid')
  if (card === undefined || pid === undefined) return undefined
  const busy = numberAt(row, 'sm')
  return {
    card,
    pid,
    draws: row.get('type')?.includes('G') ?? false,
    busyShare: busy === undefined ? undefined : Math.min(1, busy / 100),
    memoryUsedBytes: mebibytesAt(row, 'fb'),
  }
}

/** `-` and `[N/A]` stand for what is not known. */
function numberAt(row: ReadonlyMap<string, string>, column: string): number | undefined {
  const text = row.get(column) ?? ''
  return /^\d{1,12}(?:\.\d+)?$/.test(text) ? Number(text) : undefined
}

function mebibytesAt(row: ReadonlyMap<string, string>, column: string): number | undefined {
  const value = numberAt(row, column)
  return value === undefined ? undefined : value * MEBIBYTE
}
