import { describe, expect, it } from 'vitest'
import { inclusionProof } from '../core/merkle-proof.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { halvesOf, ledgerContext, WrittenLedger } from '../test/fixtures/ledgers.ts'
import { signCosignature } from './cosignature.ts'
import { ENTRY_KINDS } from './entry.ts'
import { authorOf, type ReceiptMode } from './halves.ts'
import { encodeReceiptProof, type ProofHalf, verifyReceiptProof } from './receipt-proof.ts'

const [alice, bob, carol] = [device(1), device(2), device(3)]
const parties = { requester: alice.peer, provider: bob.peer }

/** The proof of a receipt from bob's ledger, who did the work. */
function proofOf(mode: ReceiptMode): Uint8Array {
  const ledger = new WrittenLedger(bob)
  const halves = halvesOf({ requester: alice, provider: bob, mode, word: 'one', rounds: 1 })
  const entries = new Map(
    halves
      .filter(({ kind }) => authorOf(kind, parties) === bob.peer)
      .map((half) => [half, ledger.half(half)]),
  )
  ledger.note('more')
  const { size } = ledger.chain
  const steps = halves.map((half): ProofHalf => {
    const entry = entries.get(half)
    const { kind, signed } = half
    if (entry === undefined) {
      const { body, signature } = signed
      return { own: undefined, other: { kind: ENTRY_KINDS[kind], body, signature } }
    }
    const place = { index: entry.entry.seq, size }
    const inclusion = inclusionProof(nodeCrypto.sha256, place, ledger.source)
    return { own: { entry: entry.encoded, inclusion }, other: undefined }
  })
  const head = ledger.head()
  const cosignature = signCosignature(ledgerContext, carol, ledger.chain.head(0, 0), 7)
  return encodeReceiptProof({
    network: ledgerContext.network,
    device: bob.peer,
    head,
    cosignatures: [{ witness: carol.peer, ...cosignature }],
    halves: steps,
  })
}

describe('the proof of a receipt', () => {
  it.each<ReceiptMode>(['simple', 'stream', 'sealed'])('holds for mode %s', (mode) => {
    const proven = verifyReceiptProof(nodeCrypto, proofOf(mode))
    if (proven.type === 'refused') throw new Error(proven.reason)
    const { device: owner, receipt, witnesses, head } = proven.value
    expect({ owner, witnesses, size: head.size }).toMatchObject({
      owner: bob.peer,
      witnesses: [carol.peer],
    })
    expect(receipt).toMatchObject({ stage: 'settled', milliCredits: 250 })
  })

  it('is refused with any byte cut off or one bit of any byte flipped', () => {
    const whole = proofOf('simple')
    const accepted: number[] = []
    for (let at = 0; at < whole.length; at++) {
      const flipped = whole.with(at, (whole[at] ?? 0) ^ (1 << (at % 8)))
      for (const damaged of [whole.subarray(0, at), flipped]) {
        if (verifyReceiptProof(nodeCrypto, damaged).type === 'value') accepted.push(at)
      }
    }
    expect(accepted).toEqual([])
  })
})
