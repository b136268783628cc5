import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import {
  acceptedFlips,
  flipped,
  vector,
  vectorsAtHand,
  vectorsNote,
} from '../../test/fixtures/attestation-vectors.ts'
import { COLLATERAL_NOW_MS } from '../../test/fixtures/dcap-vectors.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { TEST_POLICY } from '../policy/test-profile.ts'
import { verifyEvidence } from '../evidence.ts'
import { collateralIn } from './files.ts'
import { decodeCollateral, encodeCollateral } from './item.ts'
import { CollateralShelf } from './shelf.ts'

const anchors = shippedAnchors()
const rules = { nowMs: COLLATERAL_NOW_MS, anchors, graceMs: 0 }
const init = { issuerChain: '', fingerprint: undefined, fetchedAtMs: 1_000 }
const bundle = () => collateralIn(vector('tdx/phala-tdx_quote_collateral.json'), init)

function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return errorCode(error)
  }
}

function shelfWith(items = bundle().map(encodeCollateral)): CollateralShelf {
  const shelf = new CollateralShelf()
  for (const item of items) shelf.put(item, rules)
  return shelf
}

/** An older piece of the same thing, as a roll-back would bring it. */
function olderIdentity(): Uint8Array {
  const chain = bundle()[3]?.issuerChain ?? ''
  const body = vector('tdx/go-tdx-sample_qeIdentity_response')
  const [item] = collateralIn(body, { ...init, issuerChain: chain })
  return item === undefined ? new Uint8Array() : encodeCollateral(item)
}

describe.skipIf(!vectorsAtHand)(`collateral${vectorsNote}`, () => {
  it('is found for the evidence that it belongs to', () => {
    const shelf = shelfWith()
    const evidence = { kind: 'tdx', quote: vector('tdx/phala-tdx_quote') } as const
    const claims = verifyEvidence(evidence, {
      nowMs: COLLATERAL_NOW_MS,
      anchors,
      policy: TEST_POLICY,
      binding: { type: 'unchecked' },
      collateral: shelf.for(evidence, anchors),
      bank: 'sha256',
      activation: { type: 'unchecked' },
    })
    expect([claims.kind, shelf.list().length]).toEqual(['tdx', 4])
    const other = { kind: 'sgx', quote: vector('sgx/phala-sgx_quote') } as const
    expect(shelf.for(other, anchors).dcap).toBe(undefined)
    expect(shelf.for({ kind: 'self', statement: new Uint8Array() }, anchors)).toEqual({})
  })

  it('is kept once, and never replaced by what is older', () => {
    const shelf = shelfWith()
    const [list = new Uint8Array()] = bundle().map(encodeCollateral)
    expect(shelf.put(list, rules)).toBe(undefined)
    expect(outcome(() => shelf.put(olderIdentity(), rules))).toBe('COLLATERAL_OLDER')
    const again = new CollateralShelf()
    for (const { encoded } of shelf.list()) again.restore(encoded)
    again.restore(olderIdentity())
    expect(again.list().map(({ id }) => id)).toEqual(shelf.list().map(({ id }) => id))
    expect(again.get(shelf.list()[0]?.id ?? '')?.encoded).toEqual(list)
  })

  it('is refused when what it rests on is not there, out of date or of nobody known', () => {
    const [rootCrl, pckCrl, tcbInfo] = bundle()
    if (rootCrl === undefined || pckCrl === undefined || tcbInfo === undefined) return
    const put = (item: typeof rootCrl, more = {}, shelf = shelfWith([])) =>
      outcome(() => shelf.put(encodeCollateral(item), { ...rules, ...more }))
    expect([
      put(pckCrl),
      put(tcbInfo),
      put({ ...pckCrl, issuerChain: '' }),
      put(rootCrl, { nowMs: Date.parse('2040-01-01') }),
      put(tcbInfo, { nowMs: Date.parse('2025-08-01') }, shelfWith([encodeCollateral(rootCrl)])),
      put({ ...tcbInfo, body: utf8('{}') }),
      put({ ...tcbInfo, body: utf8('[') }),
    ]).toEqual([
      'COLLATERAL_INCOMPLETE',
      'COLLATERAL_INCOMPLETE',
      'COLLATERAL_ISSUER',
      'CRL_STALE',
      'DCAP_COLLATERAL_STALE',
      'COLLATERAL_MALFORMED',
      'COLLATERAL_MALFORMED',
    ])
  })

  it('is refused with a flipped bit or a missing end', () => {
    const items = bundle().map(encodeCollateral)
    for (const [index, encoded] of items.entries()) {
      const shelf = shelfWith(items.slice(0, Math.min(index, 1)))
      const accepts = (changed: Uint8Array): boolean => {
        const found = outcome(() => shelf.put(changed, rules))
        if (found === undefined || typeof found === 'string') return false
        // What the vendor signed must be what came; line ends of the chain may be others.
        return !Buffer.from(decodeCollateral(changed).body).equals(decodeCollateral(encoded).body)
      }
      expect(acceptedFlips(encoded, accepts, 37)).toEqual([])
      expect(outcome(() => shelf.put(encoded.subarray(0, -1), rules))).toBe('COLLATERAL_MALFORMED')
    }
  })

  it('may be a root that is named by its fingerprint, and no other', () => {
    const der = vector('roots/gcp-gcp_ek_ak_ca_root.crt')
    const read = (given: string | undefined) =>
      outcome(() => collateralIn(der, { ...init, fingerprint: given }))
    expect([read(undefined), read('00')]).toEqual([
      'COLLATERAL_FINGERPRINT',
      'COLLATERAL_FINGERPRINT',
    ])
    const fingerprint = createHash('sha256').update(der).digest('hex')
    const [root] = collateralIn(der, { ...init, fingerprint })
    const shelf = shelfWith(root === undefined ? [] : [encodeCollateral(root)])
    const before = anchors.roots.tpm.length
    expect(shelf.anchors(anchors).roots.tpm.length).toBe(before + 1)
  })

  it('may be the list of Google, which is as old as it was fetched', () => {
    const [item] = collateralIn(vector('android/status-sample.json'), init)
    const shelf = shelfWith(item === undefined ? [] : [encodeCollateral(item)])
    const evidence = { kind: 'android', chain: [] } as const
    expect(shelf.for(evidence, anchors).androidStatus?.fetchedAtMs).toBe(1_000)
  })

  it('is nothing else', () => {
    const texts = ['', 'x', '{}', '[]', '{"tcbInfo":1}', '0', '-----BEGIN X']
    for (const text of texts) {
      expect(outcome(() => collateralIn(utf8(text), init))).toMatch(/MALFORMED$/)
    }
    expect(outcome(() => collateralIn(flipped(vector('tdx/go-tdx-rootcrl.der'), 1), init))).toMatch(
      /MALFORMED$/,
    )
  })
})
