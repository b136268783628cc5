/**
 * Names of models that are cut into several GGUF files: NAME-00001-of-00003.gguf, and so on.
 *
 * @module
 */

/** What the name of one part says. */
export interface PartName {
  /** Without the part's own place. */
  readonly model: string
  /** Counted from 0. */
  readonly part: number
  readonly count: number
}

const PART = /^(.+)-(\d{5})-of-(\d{5})\.gguf$/s

/**
 * Undefined of a name, or a path, that is no part's.
 *
 * @example
 * ```ts
 * partName('a-00002-of-00003.gguf') // => { model: 'a', part: 1, count: 3 }
 * ```
 */
export function partName(name: string): PartName | undefined {
  const [, model = '', part = '', count = ''] = PART.exec(name) ?? []
  const named = { model, part: Number(part) - 1, count: Number(count) }
  return named.count > 0 && named.part >= 0 && named.part < named.count ? named : undefined
}

/** The names of all parts of a model, from the first one on. */
export function partNames({ model, count }: Omit<PartName, 'part'>): readonly string[] {
  const digits = (number: number): string => String(number).padStart(5, '0')
  return Array.from(
    { length: count },
    (_, part) => `${model}-${digits(part + 1)}-of-${digits(count)}.gguf`,
  )
}
