import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BlobId, ModelId, SessionId } from '../../core/ids.ts'
import { leafOf, type OpenRecord, receiptMessage, rootOf } from '../../protocols/inference/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { floats } from '../../test/fixtures/stage-executors.ts'
import {
  type Claim,
  decodeClaim,
  decodeEvidence,
  decodeTask,
  encodeClaim,
  encodeEvidence,
  encodeTask,
  isClaimOf,
  isTask,
  type Task,
} from './evidence.ts'
import { TAPE_KEPT_MS, Tapes } from './tapes.ts'

const { sha256 } = nodeCrypto
const provider = device(1)
const requester = device(2)

const open: OpenRecord = {
  version: 1,
  session: '0a'.repeat(16) as SessionId,
  stage: 0,
  route: [{ peer: provider.peer, epoch: 0 }],
  model: 'ab'.repeat(32) as ModelId,
  manifest: { id: 'ab'.repeat(32) as BlobId, bytes: 1, chunkHashes: [] },
  fromLayer: 0,
  toLayer: 1,
  wires: [],
  provider: 'auto',
  inFlightMax: 1,
  runMsMax: 1_000,
  numericClass: undefined,
  text: undefined,
}

/** A task of three requests of which the last two are wanted, as its provider's tape shows it. */
function shown(): { readonly task: Task; readonly claim: Claim; readonly tapes: Tapes } {
  const tapes = new Tapes(100_000, () => 0)
  const tape = tapes.record(open, requester.peer)
  const roots = [0, 10].map((offset) => {
    const leaves = new Map<number, Uint8Array>()
    for (const request of [0, 1, 2]) {
      const tensors = floats(request + offset, 1)
      const leaf = leafOf(tensors, sha256)
      leaves.set(request, leaf)
      if (offset === 0) tape?.took(request, tensors, leaf)
      else tape?.gave(request, tensors, leaf)
    }
    return rootOf(leaves, leaves, sha256)
  })
  const receipt = {
    version: 1,
    session: open.session,
    stage: 0,
    model: open.model,
    fromLayer: 0,
    toLayer: 1,
    provider: provider.peer,
    requester: requester.peer,
    numericClass: new Uint8Array(32),
    requests: 3,
    inputRoot: roots[0] ?? new Uint8Array(32),
    outputRoot: roots[1] ?? new Uint8Array(32),
    computeUs: 1,
  }
  const evidence = tapes.show(requester.peer, open, [1, 2])
  if (evidence === undefined) throw new Error('expected evidence')
  const { inputLeaves, inputs, outputLeaves, outputs } = evidence
  const signed = { receipt, signature: provider.sign(receiptMessage(receipt)) }
  const drawn = { epoch: undefined, beacon: new Uint8Array(32), requests: [1, 2] }
  return {
    task: { open, receipt: signed, ...drawn, inputLeaves, inputs },
    claim: { outputLeaves, outputs, before: [] },
    tapes,
  }
}

describe('evidence', () => {
  const { task, claim } = shown()

  it('is that of the receipt, and comes back from its bytes', () => {
    expect(isTask(nodeCrypto, task)).toBe(true)
    expect(isClaimOf(nodeCrypto, task, claim)).toBe(true)
    expect(decodeTask(encodeTask(task))).toEqual(task)
    expect(decodeClaim(encodeClaim(claim))).toEqual(claim)
  })

  it('is refused at every truncation, and believed with no bit of it changed but who draws', () => {
    const encoded = encodeTask(task)
    for (let length = 0; length < encoded.length; length += 7) {
      expect(decodeTask(encoded.subarray(0, length))).toBe(undefined)
    }
    fc.assert(
      fc.property(fc.nat(8 * encoded.length - 1), (bit) => {
        const flipped = encoded.with(bit >> 3, (encoded[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
        const decoded = decodeTask(flipped)
        if (decoded === undefined || !isTask(nodeCrypto, decoded)) return
        // What is signed and committed to is as it was; the draw and how to run it are the requester's to say.
        expect(decoded.receipt).toEqual(task.receipt)
        expect(decoded.inputs.map(({ tensors }) => leafOf(tensors, sha256))).toEqual(
          decoded.inputs.map(({ request }) => leafOf(floats(request, 1), sha256)),
        )
      }),
    )
  })

  it('is not believed with outputs, requests or leaves of something else', () => {
    const [first, ...rest] = claim.outputs
    const other = { request: first?.request ?? 0, tensors: floats(99, 1) }
    expect(isClaimOf(nodeCrypto, task, { ...claim, outputs: [other, ...rest] })).toBe(false)
    expect(isClaimOf(nodeCrypto, task, { ...claim, outputs: rest })).toBe(false)
    expect(isClaimOf(nodeCrypto, task, { ...claim, outputLeaves: [] })).toBe(false)
    expect(isTask(nodeCrypto, { ...task, requests: [2, 1] })).toBe(false)
    expect(isTask(nodeCrypto, { ...task, requests: [1, 3] })).toBe(false)
    expect(isTask(nodeCrypto, { ...task, open: { ...open, toLayer: 2 } })).toBe(false)
  })
})

describe('tapes', () => {
  it('show a session to who had it only, and only what was there', () => {
    const { tapes } = shown()
    expect(tapes.show(provider.peer, open, [1])).toBe(undefined)
    expect(tapes.show(requester.peer, { ...open, stage: 1 }, [1])).toBe(undefined)
    expect(tapes.show(requester.peer, open, [3])).toBe(undefined)
    const evidence = tapes.show(requester.peer, open, [0])
    expect(evidence?.inputs.map(({ request }) => request)).toEqual([0])
    expect(decodeEvidence(encodeEvidence(evidence ?? { ...emptyEvidence }))).toEqual(evidence)
  })

  it('keep no more than they may, the latest', () => {
    const tapes = new Tapes(40_000, () => 0)
    const sessions = Array.from({ length: 30 }, (_, index) => ({
      ...open,
      session: index.toString(16).padStart(32, '0') as SessionId,
    }))
    for (const session of sessions) {
      const tape = tapes.record(session, requester.peer)
      tape?.took(0, floats(...Array.from({ length: 100 }, () => 1)), new Uint8Array(32))
      tape?.gave(0, floats(1), new Uint8Array(32))
      expect(tapes.bytes).toBeLessThanOrEqual(40_000)
    }
    const held = sessions.filter(
      (session) => tapes.show(requester.peer, session, [0]) !== undefined,
    )
    expect(held).toEqual(sessions.slice(-held.length))
    expect(held.length).toBeGreaterThan(5)
    expect(new Tapes(0, () => 0).record(open, requester.peer)).toBe(undefined)
  })

  it('are given up of whoever had most done', () => {
    const tapes = new Tapes(100_000, () => 0)
    const other = device(77)
    tapes.record(open, other.peer)?.gave(0, floats(1), new Uint8Array(32))
    for (let index = 0; index < 500; index++) {
      const session = { ...open, session: index.toString(16).padStart(32, '0') as SessionId }
      tapes.record(session, requester.peer)?.gave(0, floats(1), new Uint8Array(32))
    }
    expect(tapes.bytes).toBeLessThanOrEqual(100_000)
    expect(tapes.show(other.peer, open, [])).not.toBe(undefined)
  })

  it('of a session that is too long are closed, and leave room for others', () => {
    const tapes = new Tapes(10_000, () => 0)
    const long = tapes.record(open, requester.peer)
    for (let request = 0; request < 100; request++) {
      long?.gave(request, floats(1), new Uint8Array(32))
    }
    expect(tapes.show(requester.peer, open, [])).toBe(undefined)
    expect(tapes.bytes).toBe(0)
  })

  it('are given up once nobody can ask for them, and beyond a number of stages', () => {
    let nowMs = 0
    const tapes = new Tapes(1e9, () => nowMs)
    const sessionOf = (index: number) => ({
      ...open,
      session: index.toString(16).padStart(32, '0') as SessionId,
    })
    for (let index = 0; index < 600; index++) {
      tapes.record(sessionOf(index), requester.peer)?.gave(0, floats(1), new Uint8Array(32))
    }
    const isKept = (index: number) => tapes.show(requester.peer, sessionOf(index), []) !== undefined
    expect([isKept(87), isKept(88)]).toEqual([false, true])
    nowMs = TAPE_KEPT_MS
    const late = tapes.record(sessionOf(2_000), requester.peer)
    nowMs++
    tapes.sweep()
    expect([isKept(599), isKept(2_000)]).toEqual([false, true])
    nowMs += TAPE_KEPT_MS
    late?.gave(0, floats(1), new Uint8Array(32))
    tapes.sweep()
    expect(isKept(2_000)).toBe(true)
    nowMs += TAPE_KEPT_MS + 1
    tapes.sweep()
    expect(tapes.bytes).toBe(0)
  })
})

const emptyEvidence = { inputLeaves: [], outputLeaves: [], inputs: [], outputs: [] }
