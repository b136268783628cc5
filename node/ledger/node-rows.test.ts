import { describe, expect, it } from 'vitest'
import { concatBytes } from '../../core/bytes.ts'
import { MerkleTree } from '../../ledger/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import { hashOf } from '../../test/fixtures/ledgers.ts'
import { MemoryRows } from './memory-rows.ts'
import { nodeCount, nodesRow, readNode, readNodes } from './node-rows.ts'

interface Kept {
  readonly rows: MemoryRows
  /** All nodes with their places, in the order of completion. */
  readonly nodes: readonly { readonly level: number; readonly index: number; hash: Uint8Array }[]
}

/** A tree that was written in so many leaves at a time. */
async function written(writes: readonly number[]): Promise<Kept> {
  const rows = new MemoryRows()
  await rows.open()
  const tree = new MerkleTree(nodeCrypto.sha256)
  const nodes: Kept['nodes'][number][] = []
  for (const leaves of writes) {
    const start = tree.size
    const before = nodes.length
    for (let leaf = 0; leaf < leaves; leaf++) {
      tree.append(hashOf(`leaf ${tree.size}`), (level, index, hash) => {
        nodes.push({ level, index, hash })
      })
    }
    await rows.write([
      nodesRow(
        start,
        nodes.slice(before).map(({ hash }) => hash),
      ),
    ])
  }
  return { rows, nodes }
}

describe('rows of nodes', () => {
  it('give every node by its place, however the leaves came', async () => {
    for (const writes of [[23], [1, 1, 1, 1, 1, 1, 1], [5, 1, 9, 2, 6], [16, 7]]) {
      const { rows, nodes } = await written(writes)
      for (const { level, index, hash } of nodes) {
        expect(await readNode(rows, { level, index })).toEqual(hash)
      }
      expect(nodeCount(writes.reduce((a, b) => a + b))).toBe(nodes.length)
    }
  })

  it('give none that is not complete', async () => {
    const { rows } = await written([3, 2])
    expect(await readNode(rows, { level: 0, index: 5 })).toBeUndefined()
    expect(await readNode(rows, { level: 2, index: 1 })).toBeUndefined()
    const empty = new MemoryRows()
    await empty.open()
    expect(await readNode(empty, { level: 0, index: 0 })).toBeUndefined()
  })

  it('give the nodes of any range of leaves', async () => {
    const { rows, nodes } = await written([5, 1, 9, 2, 6])
    const hashes = nodes.map(({ hash }) => hash)
    for (const [from, to] of [
      [0, 23],
      [0, 5],
      [3, 9],
      [6, 7],
      [22, 23],
    ] as const) {
      const expected = hashes.slice(nodeCount(from), nodeCount(to))
      expect(await readNodes(rows, from, to)).toEqual(concatBytes(expected))
    }
  })

  it('give what comes before a row that is missing, and a row that was written anew over an older one', async () => {
    const { rows, nodes } = await written([5, 4, 4])
    const hashes = nodes.map(({ hash }) => hash)
    const part = (from: number, to: number): Uint8Array =>
      concatBytes(hashes.slice(nodeCount(from), nodeCount(to)))
    await rows.write([nodesRow(3, hashes.slice(nodeCount(3), nodeCount(5)))])
    expect(await readNodes(rows, 0, 13)).toEqual(part(0, 13))
    await rows.write([{ type: 'del', key: nodesRow(5, []).key }])
    expect(await readNodes(rows, 0, 13)).toEqual(part(0, 5))
    expect(await readNode(rows, { level: 0, index: 6 })).toBeUndefined()
  })
})
