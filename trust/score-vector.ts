/**
 * All scores of one epoch, by device, under one root that a certificate can carry.
 *
 * @module
 */

import { compareBytes, toHex } from '../core/bytes.ts'
import type { Sha256 } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import { inclusionProof } from '../core/merkle-proof.ts'
import { leafHash, MerkleTree } from '../core/merkle-tree.ts'
import { publicKeyOf } from '../core/peer-key.ts'
import { encodeScore, type Score } from './score.ts'

/** A score, and the hashes that lead from it to the root. */
export interface ScorePath {
  readonly leaf: Uint8Array
  readonly index: number
  readonly size: number
  readonly path: readonly Uint8Array[]
}

export class ScoreVector {
  readonly root: Uint8Array
  /** By the key of the device. */
  readonly scores: readonly Score[]
  readonly #sha256: Sha256
  readonly #leaves: readonly Uint8Array[]
  readonly #levels: Uint8Array[][] = []
  readonly #places: ReadonlyMap<PeerId, number>
  /** By domain; made when it is asked for. */
  #best: Map<string, number> | undefined

  /** @param scores - In any order, one a device. */
  constructor(sha256: Sha256, scores: readonly Score[]) {
    const keyed = scores.map((score) => ({ score, key: keyOf(score.device) }))
    this.scores = keyed.toSorted((a, b) => compareBytes(a.key, b.key)).map(({ score }) => score)
    this.#sha256 = sha256
    this.#leaves = this.scores.map((score) => encodeScore(score))
    this.#places = new Map(this.scores.map(({ device }, index) => [device, index]))
    invariant(this.#places.size === scores.length, 'a device has one score')
    const tree = new MerkleTree(sha256)
    for (const leaf of this.#leaves) {
      tree.append(leafHash(sha256, leaf), (level, index, hash) => {
        this.#levels[level] ??= []
        this.#levels[level][index] = hash
      })
    }
    this.root = tree.root()
  }

  /** The score of a device; undefined when it has none. */
  of(device: PeerId): Score | undefined {
    return this.scores[this.#places.get(device) ?? -1]
  }

  /** The best score of the devices of a domain, in millionths; 0 where none has one. */
  bestOf(domain: Uint8Array): number {
    if (this.#best === undefined) {
      this.#best = new Map()
      for (const { domain: of, micros } of this.scores) {
        const name = toHex(of)
        this.#best.set(name, Math.max(micros, this.#best.get(name) ?? 0))
      }
    }
    return this.#best.get(toHex(domain)) ?? 0
  }

  /** How a device shows its score to whoever holds the root; undefined when it has none. */
  pathOf(device: PeerId): ScorePath | undefined {
    const index = this.#places.get(device)
    if (index === undefined) return undefined
    const size = this.scores.length
    const path = inclusionProof(this.#sha256, { index, size }, (level, at) => {
      const hash = this.#levels[level]?.[at]
      invariant(hash !== undefined, 'a complete subtree has a hash')
      return hash
    })
    return { leaf: this.#leaves[index] as Uint8Array, index, size, path }
  }
}

function keyOf(device: PeerId): Uint8Array {
  const key = publicKeyOf(device)
  invariant(key !== undefined, 'a device is named by its key')
  return key
}
