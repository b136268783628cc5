/**
 * Firmware levels of AMD processors: where each number stands differs by generation.
 *
 * @module
 */

/** Generations whose roots are pinned. */
export type SnpProduct = 'milan' | 'genoa' | 'turin'

export interface SnpTcb {
  /** Turin only. */
  readonly fmc: number | undefined
  readonly bootLoader: number
  readonly tee: number
  readonly snp: number
  readonly microcode: number
}

/** Reads TCB_VERSION, lowest octet first (56860, section 2.2; Turin: 58217). */
export function tcbOf(octets: Uint8Array, product: SnpProduct): SnpTcb {
  const at = (index: number): number => octets[index] ?? 0
  return product === 'turin'
    ? { fmc: at(0), bootLoader: at(1), tee: at(2), snp: at(3), microcode: at(7) }
    : { fmc: undefined, bootLoader: at(0), tee: at(1), snp: at(6), microcode: at(7) }
}

/** True when every number of `tcb` is at least that of `floor`. */
export function tcbAtLeast(tcb: SnpTcb, floor: Partial<SnpTcb>): boolean {
  const numbers = ['fmc', 'bootLoader', 'tee', 'snp', 'microcode'] as const
  return numbers.every((name) => (tcb[name] ?? 0) >= (floor[name] ?? 0))
}

/** The generation of a processor by its CPUID, or undefined where it is none of ours. */
export function productOf(cpuid: {
  readonly family: number
  readonly model: number
}): SnpProduct | undefined {
  const { family, model } = cpuid
  if (family === 0x19 && model <= 0x0f) return 'milan'
  // Bergamo and Siena are of Genoa's generation and share its roots.
  if (family === 0x19 && ((model >= 0x10 && model <= 0x1f) || (model >= 0xa0 && model <= 0xaf))) {
    return 'genoa'
  }
  return family === 0x1a && model <= 0x1f ? 'turin' : undefined
}
