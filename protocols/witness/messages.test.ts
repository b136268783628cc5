import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { questionCodecContract } from '../../test/fixtures/question-codec.contract.ts'
import { witnessCodec } from './messages.ts'
import { witnessOrder } from './witness-order.ts'

const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const head = { body: Uint8Array.of(1, 2, 3), signature: new Uint8Array(64).fill(9) }
const growth = { since: 7, rootThen: hash(1), proof: [hash(2), hash(3)] }

describe('the codec of /brume/witness/1', () => {
  questionCodecContract(witnessCodec, {
    questions: { show: { head, growth }, showFirst: { head, growth: undefined } },
    answers: {
      cosigned: { type: 'cosigned', cosignature: head },
      held: { type: 'held', head },
      refused: { type: 'refused', reason: 'full' },
      forked: { type: 'forked', proof: Uint8Array.of(4) },
    },
    vectors: JSON.parse(readFileSync('test/vectors/witness.json', 'utf8')) as Readonly<
      Record<string, string>
    >,
  })
})

describe('the order of witnesses', () => {
  const peers = Array.from({ length: 12 }, (_, index) => device(index).peer)
  const { sha256 } = nodeCrypto

  it('is the same whatever order the members come in, and another for another ledger', () => {
    const order = witnessOrder(sha256, hash(1), peers)
    expect(order).toEqual(witnessOrder(sha256, hash(1), peers.toReversed()))
    expect(order.toSorted()).toEqual(peers.toSorted())
    expect(order).not.toEqual(witnessOrder(sha256, hash(2), peers))
  })

  it('stays as it is for the others when a member goes', () => {
    const order = witnessOrder(sha256, hash(1), peers)
    const gone = order[2]
    const rest = peers.filter((peer) => peer !== gone)
    expect(witnessOrder(sha256, hash(1), rest)).toEqual(order.filter((peer) => peer !== gone))
  })
})
