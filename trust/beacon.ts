/**
 * The randomness of an epoch: nobody knows it before the statements of that epoch are told.
 *
 * Each domain peels an onion: the layer in a statement is the pre-image of the one before it, so that
 * it cannot be chosen any more, and is not known to anybody else yet (a hash-onion RANDAO). What a
 * beacon decides over has to be fixed an epoch before it. Whoever stays silent can choose between two
 * beacons, and no more: research on RANDAO calls that the bias of the last revealer.
 *
 * @module
 */

import { bytesEqual, compareBytes, concatBytes, fromHex, toHex, utf8 } from '../core/bytes.ts'
import type { Sha256 } from '../core/crypto.ts'
import { ONION_EPOCHS, ONION_GAP_MAX } from './limits.ts'
import type { PackedBeacon } from './packed.ts'
import type { Statement } from './statement.ts'

/** Which onion the layer of an epoch belongs to: its secret is one for {@link ONION_EPOCHS} epochs. */
export function onionOf(epoch: number): number {
  return Math.floor(epoch / ONION_EPOCHS)
}

/**
 * The layer that a domain shows in its statement of `epoch`.
 *
 * @param secret - 32 bytes that nobody else knows, of the onion {@link onionOf} the epoch.
 */
export function onionLayer(sha256: Sha256, secret: Uint8Array, epoch: number): Uint8Array {
  const under = ONION_EPOCHS - (epoch % ONION_EPOCHS)
  return peeledBack(sha256, secret, under)
}

/** The beacon of a mesh, carried from one certified epoch to the next. */
export class Beacon {
  readonly #sha256: Sha256
  /** The latest layer of each domain, by its id. */
  readonly #layers: Map<string, Pick<Statement, 'epoch' | 'onion'>>
  #value: Uint8Array

  /** @param genesis - The id of the mesh: the beacon before the first epoch. */
  constructor(sha256: Sha256, genesis: Uint8Array, layers: Beacon['layers'] = new Map()) {
    this.#sha256 = sha256
    this.#value = genesis
    this.#layers = new Map(layers)
  }

  /** The beacon of the epoch that was folded last: 32 bytes. */
  get value(): Uint8Array {
    return this.#value
  }

  /** What later layers are held against. */
  get layers(): ReadonlyMap<string, Pick<Statement, 'epoch' | 'onion'>> {
    return this.#layers
  }

  /** The same, to go on with on its own. */
  copy(): Beacon {
    return new Beacon(this.#sha256, this.#value, this.#layers)
  }

  /** To be kept. */
  pack(): PackedBeacon {
    const layers = [...this.#layers].map(([domain, { epoch, onion }]) => ({
      domain: fromHex(domain) ?? new Uint8Array(),
      epoch,
      onion,
    }))
    return { value: this.#value, layers }
  }

  static unpack(sha256: Sha256, { value, layers }: PackedBeacon): Beacon {
    const known = layers.map(
      ({ domain, epoch, onion }) => [toHex(domain), { epoch, onion }] as const,
    )
    return new Beacon(sha256, value, new Map(known))
  }

  /** Takes the layers of the statements of one cut; their order does not matter. */
  fold(statements: readonly Statement[]): void {
    const ordered = statements.toSorted(
      (a, b) => compareBytes(a.domain, b.domain) || a.epoch - b.epoch,
    )
    const shown = ordered.filter((statement) => this.#peel(statement))
    this.#value = this.#sha256(
      concatBytes([
        utf8('brume/beacon/v1\0'),
        this.#value,
        ...shown.flatMap(({ domain, onion }) => [domain, onion]),
      ]),
    )
  }

  /** True when a layer was bound before: another one begins an onion, and counts from the next on. */
  #peel({ domain, epoch, onion }: Statement): boolean {
    const key = toHex(domain)
    const before = this.#layers.get(key)
    if (before !== undefined && epoch <= before.epoch) return false
    this.#layers.set(key, { epoch, onion })
    const gap = epoch - (before?.epoch ?? -Infinity)
    return (
      before !== undefined &&
      gap <= ONION_GAP_MAX &&
      bytesEqual(peeledBack(this.#sha256, onion, gap), before.onion)
    )
  }
}

function peeledBack(sha256: Sha256, layer: Uint8Array, layers: number): Uint8Array {
  let at = layer
  for (let step = 0; step < layers; step++) at = sha256(at)
  return at
}
