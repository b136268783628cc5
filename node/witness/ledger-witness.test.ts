import { describe, expect, it } from 'vitest'
import { PROOF_HASHES_MAX } from '../../core/merkle-proof.ts'
import { encodeEquivocation, LIMITS, signHalf, verifyEquivocation } from '../../ledger/index.ts'
import { LEDGER_LIMITS } from '../../protocols/ledger/index.ts'
import { WITNESS_LIMITS } from '../../protocols/witness/index.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  copied,
  type LedgerDevice,
  LedgerMesh,
  writeNotes,
} from '../../test/fixtures/ledger-mesh.ts'
import { halvesOf } from '../../test/fixtures/ledgers.ts'

interface Home {
  readonly mesh: LedgerMesh
  readonly a: LedgerDevice
  readonly b: LedgerDevice
  readonly c: LedgerDevice
}

/** A mesh of three devices. */
async function home(): Promise<Home> {
  const mesh = new LedgerMesh()
  const a = await mesh.found()
  const b = await mesh.newcomer(a, 2)
  const c = await mesh.newcomer(a, 3)
  await mesh.round()
  return { mesh, a, b, c }
}

function kept({ ledger }: LedgerDevice) {
  const { size, incarnation } = ledger.opened.store
  return { size, incarnation }
}

/** Whom a device holds proofs against. */
function accused({ witness }: LedgerDevice): readonly string[] {
  return witness.book?.evidence.proofs().map(({ proof }) => proof.accused) ?? []
}

/** Entries of `device` that `by` holds. */
async function mirrored(by: LedgerDevice, device: LedgerDevice): Promise<number | undefined> {
  const mirror = await by.witness.book?.held(device.network.self)
  return mirror?.whole?.head.size
}

describe('witnesses', () => {
  it('sign the heads of the others, and keep their entries', async () => {
    const { mesh, a, b, c } = await home()
    await writeNotes(a, 'one', 'two')
    await mesh.round()
    expect(a.witness.cosigned.map(({ witness, head }) => [witness, head.size])).toEqual(
      expect.arrayContaining([
        [b.network.self, 3],
        [c.network.self, 3],
      ]),
    )
    expect([await mirrored(b, a), await mirrored(c, a), await mirrored(a, b)]).toEqual([3, 3, 1])
  })

  it('know after a restart what they signed', async () => {
    const { mesh, a, b } = await home()
    await writeNotes(a, 'one')
    await mesh.round()
    await mesh.stop(b)
    const again = await mesh.start(b.machine)
    expect(await mirrored(again, a)).toBe(2)
    expect(again.failures).toEqual([])
  })

  it('give a device back what it lost, and accuse nobody', async () => {
    const { mesh, a, b, c } = await home()
    const copy = copied(a.machine, 'restored')
    await writeNotes(a, 'one', 'two')
    await mesh.round()
    await mesh.stop(a)
    const again = await mesh.start(copy)
    await mesh.connectAll()
    await mesh.round()
    expect(kept(again).size).toBe(4)
    expect(kept(again).incarnation).toBeGreaterThan(0)
    expect(await mirrored(b, again)).toBe(4)
    expect([accused(a), accused(b), accused(c), accused(again)]).toEqual([[], [], [], []])
  })

  it('let a device that could not reach them go on in a new incarnation, and accuse nobody', async () => {
    const { mesh, a, b, c } = await home()
    const copy = copied(a.machine, 'restored')
    await writeNotes(a, 'one', 'two')
    await mesh.round()
    for (const device of [a, b, c]) await mesh.stop(device)
    const again = await mesh.start(copy)
    await mesh.round()
    await writeNotes(again, 'other')
    expect(kept(again).size).toBe(3)
    const [b2, c2] = [await mesh.start(b.machine), await mesh.start(c.machine)]
    await mesh.connectAll()
    await mesh.round()
    expect(again.witness.cosigned.map(({ head }) => head.size)).toEqual([3, 3])
    expect([await mirrored(b2, again), await mirrored(c2, again)]).toEqual([3, 3])
    expect([accused(b2), accused(c2), accused(again)]).toEqual([[], [], []])
  })

  it('tell a device of a later head even where nothing else shows that it is a copy', async () => {
    const { mesh, a } = await home()
    const copy = copied(a.machine, 'a')
    await writeNotes(a, 'one')
    await mesh.round()
    await mesh.stop(a)
    const again = await mesh.start(copy)
    await mesh.connectAll()
    await mesh.round()
    expect(kept(again).size).toBe(3)
    expect(kept(again).incarnation).toBeGreaterThan(0)
  })

  it('give back entries that are damaged on the disk of their device', async () => {
    const { mesh, a } = await home()
    await writeNotes(a, 'one', 'two', 'three')
    await mesh.round()
    await mesh.stop(a)
    const [, disk] = [...a.machine.folders].find(([path]) => path.includes('/ledger/')) ?? []
    for (const seq of [1, 2]) disk?.set(`65${seq.toString(16).padStart(16, '0')}`, Uint8Array.of(0))
    const starting = mesh.start(a.machine)
    await mesh.round()
    const again = await starting
    await mesh.round()
    expect(again.ledger.opened.store.recovered.entriesRepaired).toBe(2)
    expect(kept(again)).toEqual({ size: 4, incarnation: 0 })
  })

  it('prove the fork of a device that shows another history, and hand the proof on', async () => {
    const { mesh, a, b, c } = await home()
    const copy = copied(a.machine, 'a')
    await writeNotes(a, 'one')
    await mesh.round()
    await mesh.stop(a)
    const liar = await mesh.start(copy, 'liar')
    await writeNotes(liar, 'two', 'three')
    await mesh.connectAll()
    await mesh.round()
    expect(new Set([...accused(b), ...accused(c)])).toEqual(new Set([liar.network.self]))
    expect([accused(b).length, accused(c).length]).not.toContain(0)
    for (const { encoded } of b.witness.book?.evidence.proofs() ?? []) {
      expect(encoded.length).toBeLessThanOrEqual(LIMITS.EVIDENCE_BYTES_MAX)
      expect(verifyEquivocation(nodeCrypto, encoded).type).toBe('value')
    }
    expect(liar.witness.cosigned).toEqual([])

    const newcomer = await mesh.newcomer(liar, 4)
    await mesh.round()
    expect(accused(newcomer)).toContain(liar.network.self)
  })

  it('find out a device that shows one history to one of them, and another to the other', async () => {
    const { mesh, a, b, c } = await home()
    const copy = copied(a.machine, 'a')
    await mesh.stop(c)
    await writeNotes(a, 'one', 'two')
    await mesh.round()
    await mesh.stop(b)
    await mesh.stop(a)
    const liar = await mesh.start(copy, 'liar')
    await writeNotes(liar, 'three')
    const later = await mesh.start(c.machine)
    await mesh.connectAll()
    await mesh.round()
    expect(accused(later)).toEqual([])
    await mesh.stop(liar)
    const earlier = await mesh.start(b.machine)
    await mesh.connectAll()
    await mesh.round()
    expect([...accused(later), ...accused(earlier)]).toContain(liar.network.self)
    expect(accused(earlier).length * accused(later).length).toBeGreaterThan(0)
  })

  it('find out a device whose ledger says another thing than it said to them', async () => {
    const { mesh, a, b } = await home()
    const { context } = b.ledger.opened
    const parties = { requester: a.signer, provider: b.signer }
    const halves = halvesOf({ context, ...parties, mode: 'simple', word: 'one' })
    const settle = halves.at(-1)
    if (settle?.kind !== 'settle') throw new Error('expected a settle')
    await b.ledger.opened.store.keepHalf(settle, 'now')
    const other = signHalf(context, a.signer, 'settle', { ...settle.body, milliCredits: 1 })
    await a.ledger.opened.store.appendHalf(other, 'now')
    await mesh.round()
    expect(b.witness.book?.evidence.proofs().map(({ proof }) => proof.type)).toEqual([
      'receipt-contradiction',
    ])
  })

  it('keep no proof that is none, or of another mesh', async () => {
    const { b } = await home()
    const { a: x, b: y } = await home()
    const { context } = x.ledger.opened
    const [order] = halvesOf({
      context,
      requester: x.signer,
      provider: y.signer,
      mode: 'simple',
      word: 'one',
    })
    if (order?.kind !== 'order') throw new Error('expected an order')
    const book = b.witness.book?.evidence
    expect(await book?.take(Uint8Array.of(1, 2, 3))).toBe('invalid')
    const proof = {
      type: 'receipt-contradiction' as const,
      accused: x.network.self,
      kind: 10,
      one: order.signed,
      other: order.signed,
    }
    expect(await book?.take(encodeEquivocation(context, proof))).toBe('invalid')
  })
})

describe('the limits of both protocols', () => {
  it('are those of the ledger', () => {
    for (const limits of [LEDGER_LIMITS, WITNESS_LIMITS]) {
      expect(limits.HEAD_BODY_BYTES_MAX).toBe(LIMITS.HEAD_BODY_BYTES_MAX)
      expect(limits.PROOF_HASHES_MAX).toBe(PROOF_HASHES_MAX)
      expect(limits.EVIDENCE_BYTES_MAX).toBe(LIMITS.EVIDENCE_BYTES_MAX)
    }
    expect(LEDGER_LIMITS.ENTRY_BYTES_MAX).toBe(LIMITS.ENTRY_BYTES_MAX)
    expect(WITNESS_LIMITS.COSIGNATURE_BODY_BYTES_MAX).toBe(LIMITS.COSIGNATURE_BODY_BYTES_MAX)
  })
})
