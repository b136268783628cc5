/**
 * Text in columns.
 *
 * @module
 */

/** A column: its title, and `right` for numbers. */
export interface Column {
  readonly title: string
  readonly align?: 'right'
  /** Set for a column that may be left out where there is no room: the highest goes first. */
  readonly spare?: number
}

/**
 * Lines of a table, the titles first. Columns are as wide as their widest cell.
 *
 * @param width - Cells that a line should have at most: spare columns are left out until it has.
 * @example
 * ```ts
 * tableLines([{ title: 'name' }, { title: 'n', align: 'right' }], [['a', '10']]) // => ['name   n', 'a     10']
 * ```
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = Number.POSITIVE_INFINITY,
): readonly string[] {
  const lines = [columns.map((column) => column.title), ...rows]
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  )
  const shown = columnsThatFit(columns, widths, width)
  return lines.map((line) =>
    shown
      .map((index) => {
        const cell = line[index] ?? ''
        const cells = widths[index] ?? 0
        return columns[index]?.align === 'right' ? cell.padStart(cells) : cell.padEnd(cells)
      })
      .join(GAP)
      .trimEnd(),
  )
}

const GAP = '  '

/** Indices of the columns that stay, in order. */
function columnsThatFit(
  columns: readonly Column[],
  widths: readonly number[],
  width: number,
): readonly number[] {
  let shown = columns.map((_, index) => index)
  const spare = shown
    .filter((index) => columns[index]?.spare !== undefined)
    .toSorted((a, b) => (columns[a]?.spare ?? 0) - (columns[b]?.spare ?? 0))
  const taken = (): number =>
    shown.reduce((sum, index) => sum + (widths[index] ?? 0) + GAP.length, -GAP.length)
  while (taken() > width && spare.length > 0) {
    const left = spare.pop()
    shown = shown.filter((index) => index !== left)
  }
  return shown
}
