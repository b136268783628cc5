/**
 * Which domains are part of which others: one level deep, by the numbers of a DomainTable.
 *
 * @module
 */

export class DomainHomes {
  readonly #homes: Map<number, number>
  /** The same the other way round. */
  readonly #parts = new Map<number, readonly number[]>()

  constructor(homes: Iterable<readonly [number, number]> = []) {
    this.#homes = new Map()
    for (const [part, home] of homes) this.bind(part, home)
  }

  /** The same, to go on with on its own. */
  copy(): DomainHomes {
    return new DomainHomes(this.#homes)
  }

  /** Part, home, part, …, to be kept. */
  pack(): Uint32Array {
    return Uint32Array.from([...this.#homes].flat())
  }

  /** The same again; undefined when it does not hold pairs of `domains` domains. */
  static unpack(packed: Uint32Array, domains: number): DomainHomes | undefined {
    if (packed.length % 2 !== 0 || packed.some((index) => index >= domains)) return undefined
    const pairs = Array.from(
      { length: packed.length / 2 },
      (_, at) => [packed[2 * at] as number, packed[2 * at + 1] as number] as const,
    )
    return new DomainHomes(pairs)
  }

  /** What a domain is part of; itself when it is part of none. */
  of(domain: number): number {
    // Asked for each row of each statement: most meshes have none.
    return this.#homes.size === 0 ? domain : (this.#homes.get(domain) ?? domain)
  }

  /** Itself, and the domains that are part of it. */
  partsOf(domain: number): readonly number[] {
    return [domain, ...(this.#parts.get(domain) ?? [])]
  }

  bind(part: number, home: number): void {
    this.part(part)
    this.#homes.set(part, home)
    this.#parts.set(home, [...(this.#parts.get(home) ?? []), part])
  }

  part(part: number): void {
    const home = this.#homes.get(part)
    if (home === undefined) return
    this.#homes.delete(part)
    const left = (this.#parts.get(home) ?? []).filter((one) => one !== part)
    if (left.length === 0) this.#parts.delete(home)
    else this.#parts.set(home, left)
  }
}
