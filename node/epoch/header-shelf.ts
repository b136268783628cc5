/**
 * Certified headers that lie at hand, from files that anybody may have written: what a light client looks at before it
 * asks somebody.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import { decodeHeader, type HeaderWish, type SignedHeader } from '../../protocols/epoch/index.ts'

interface Shelved {
  readonly signed: SignedHeader
  readonly epoch: number
  readonly id: string
}

export class HeaderShelf {
  readonly #sha256: Sha256
  readonly #all: Shelved[] = []

  constructor(sha256: Sha256) {
    this.#sha256 = sha256
  }

  /** Puts headers there; what is none is left out. */
  add(headers: readonly SignedHeader[]): void {
    for (const signed of headers) {
      const header = decodeHeader(signed.value)
      if (header.type === 'refused') continue
      const id = toHex(this.#sha256(signed.value))
      this.#all.push({ signed, epoch: header.value.epoch, id })
    }
  }

  /** The header with this hash, in hexadecimal. */
  withId(id: string): SignedHeader | undefined {
    return this.#all.find((one) => one.id === id)?.signed
  }

  get oldest(): SignedHeader | undefined {
    return this.#all.toSorted((a, b) => a.epoch - b.epoch)[0]?.signed
  }

  /** The header strictly between two epochs that is closest to the middle. */
  between({ after, before, middle }: HeaderWish): SignedHeader | undefined {
    const distance = ({ epoch }: Shelved): number => Math.abs(epoch - middle)
    return this.#all
      .filter(({ epoch }) => epoch > after && epoch < before)
      .toSorted((a, b) => distance(a) - distance(b))[0]?.signed
  }
}

/** Walks the way to a header with what `source` gives; a way is that of `trustPath`. */
export async function walked<T>(
  way: Generator<HeaderWish, T, SignedHeader | undefined>,
  source: (wish: HeaderWish) => Promise<SignedHeader | undefined>,
): Promise<T> {
  let step = way.next()
  while (step.done !== true) step = way.next(await source(step.value))
  return step.value
}
