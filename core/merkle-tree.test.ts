import { describe, expect, it } from 'vitest'
import { bytesEqual, fromHex, toHex, utf8 } from './bytes.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import {
  consistencyProof,
  inclusionProof,
  isConsistent,
  type NodeSource,
  rangeRoot,
  rootOfInclusion,
  rootsOfConsistency,
} from './merkle-proof.ts'
import { edgeLength, leafHash, MerkleTree, nodeHash } from './merkle-tree.ts'

const { sha256 } = nodeCrypto

interface Grown {
  readonly tree: MerkleTree
  readonly source: NodeSource
  readonly leaves: readonly Uint8Array[]
}

function grown(entries: readonly Uint8Array[]): Grown {
  const nodes = new Map<string, Uint8Array>()
  const tree = new MerkleTree(sha256)
  const leaves = entries.map((entry) => leafHash(sha256, entry))
  for (const leaf of leaves) {
    tree.append(leaf, (level, index, hash) => nodes.set(`${level}/${index}`, hash))
  }
  const source: NodeSource = (level, index) => {
    const node = nodes.get(`${level}/${index}`)
    if (node === undefined) throw new Error(`no node ${level}/${index}`)
    return node
  }
  return { tree, source, leaves }
}

const numbered = (count: number): readonly Uint8Array[] =>
  Array.from({ length: count }, (_, index) => utf8(String(index)))

describe('the tree of Certificate Transparency', () => {
  // The leaves and roots that the reference implementations of RFC 6962 and 9162 test with.
  const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657']
    .concat('606162636465666768696a6b6c6d6e6f')
    .map((hex) => fromHex(hex) ?? new Uint8Array())
  const ROOTS = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ]

  it.each(ROOTS.map((root, size) => ({ root, size })))(
    'has its root of $size',
    ({ root, size }) => {
      expect(toHex(grown(LEAVES.slice(0, size)).tree.root())).toBe(root)
    },
  )
})

describe('the example of RFC 9162, section 2.1.5', () => {
  const { source, leaves } = grown(numbered(7))
  const pair = (left: Uint8Array, right: Uint8Array): Uint8Array => nodeHash(sha256, left, right)
  const [a, b, c, d, e, f, j] = leaves as [
    ...[Uint8Array, Uint8Array, Uint8Array],
    ...[Uint8Array, Uint8Array, Uint8Array, Uint8Array],
  ]
  const [g, h, i] = [pair(a, b), pair(c, d), pair(e, f)]
  const [k, l] = [pair(g, h), pair(i, j)]

  it.each([
    ['d0', 0, [b, h, l]],
    ['d3', 3, [c, g, l]],
    ['d4', 4, [f, j, k]],
    ['d6', 6, [i, k]],
  ] as const)('proves %s by the hashes named there', (_, index, expected) => {
    expect(inclusionProof(sha256, { index, size: 7 }, source)).toEqual(expected)
  })

  it.each([
    ['hash0', 3, [c, d, g, l]],
    ['hash1', 4, [l]],
    ['hash2', 6, [i, j, k]],
  ] as const)('proves growth from %s by the hashes named there', (_, first, expected) => {
    expect(consistencyProof(sha256, { first, second: 7 }, source)).toEqual(expected)
  })
})

describe('Merkle proofs', () => {
  const SIZE_MAX = 33
  const { source, leaves } = grown(numbered(SIZE_MAX))
  const sizes = Array.from({ length: SIZE_MAX }, (_, index) => index + 1)
  const rootAt = (size: number): Uint8Array => rangeRoot(sha256, [0, size], source)

  it('show that a leaf is where it is, and nowhere else', () => {
    for (const size of sizes) {
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(sha256, { index, size }, source)
        const leaf = leaves[index] as Uint8Array
        expect(rootOfInclusion(sha256, { index, size }, leaf, proof)).toEqual(rootAt(size))
        const beside = rootOfInclusion(sha256, { index: index + 1, size }, leaf, proof)
        expect(beside === undefined || !bytesEqual(beside, rootAt(size))).toBe(true)
      }
    }
  })

  it('show that each tree grew out of each before it', () => {
    for (const second of sizes) {
      for (let first = 1; first <= second; first++) {
        const proof = consistencyProof(sha256, { first, second }, source)
        const roots = { first: rootAt(first), second: rootAt(second) }
        expect(isConsistent(sha256, { first, second }, roots, proof)).toBe(true)
      }
    }
  })

  it('show nothing when a hash is changed, left out or added', () => {
    const growth = { first: 6, second: 21 }
    const roots = { first: rootAt(6), second: rootAt(21) }
    const proof = consistencyProof(sha256, growth, source)
    const holds = (hashes: readonly Uint8Array[]): boolean =>
      isConsistent(sha256, growth, roots, hashes)
    expect(holds(proof)).toBe(true)
    for (const index of proof.keys()) {
      expect(holds(proof.toSpliced(index, 1))).toBe(false)
      expect(holds(proof.with(index, roots.first))).toBe(false)
      expect(holds(proof.toSpliced(index, 0, roots.first))).toBe(false)
    }
  })

  it.each([
    { first: 0, second: 3 },
    { first: 4, second: 3 },
    { first: 1.5, second: 3 },
    { first: 1, second: Number.NaN },
  ])('refuse sizes that are none: $first and $second', (growth) => {
    expect(rootsOfConsistency(sha256, growth, rootAt(1), [rootAt(1)])).toBeUndefined()
  })

  it('refuse places that are none, and endless proofs', () => {
    const leaf = leaves[0] as Uint8Array
    expect(rootOfInclusion(sha256, { index: 1, size: 1 }, leaf, [])).toBeUndefined()
    expect(rootOfInclusion(sha256, { index: -1, size: 1 }, leaf, [])).toBeUndefined()
    const long = Array.from({ length: 60 }, () => leaf)
    expect(rootOfInclusion(sha256, { index: 0, size: 2 ** 50 }, leaf, long)).toBeUndefined()
  })
})

describe('a growing tree', () => {
  it('goes on from its edge', () => {
    const entries = numbered(40)
    const whole = grown(entries)
    for (let size = 0; size < entries.length; size++) {
      const { edge } = grown(entries.slice(0, size)).tree
      expect(edge.length).toBe(edgeLength(size))
      const tree = new MerkleTree(sha256, size, edge)
      for (const leaf of whole.leaves.slice(size)) tree.append(leaf)
      expect(tree.root()).toEqual(whole.tree.root())
    }
  })
})
