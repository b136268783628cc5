/**
 * Text in columns.
 *
 * @module
 */

/** A column: its title, and `right` for numbers. */
export interface Column {
  readonly title: string
  readonly align?: 'right'
}

/**
 * Lines of a table, the titles first. Columns are as wide as their widest cell.
 *
 * @example
 * ```ts
 * tableLines([{ title: 'name' }, { title: 'n', align: 'right' }], [['a', '10']]) // => ['name   n', 'a     10']
 * ```
 */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): readonly string[] {
  const lines = [columns.map((column) => column.title), ...rows]
  const widths = columns.map((_, index) =>
    Math.max(...lines.map((line) => (line[index] ?? '').length)),
  )
  return lines.map((line) =>
    columns
      .map(({ align }, index) => {
        const cell = line[index] ?? ''
        const width = widths[index] ?? 0
        return align === 'right' ? cell.padStart(width) : cell.padEnd(width)
      })
      .join('  ')
      .trimEnd(),
  )
}
