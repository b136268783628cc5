import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import { acceptedFlips } from '../../test/fixtures/attestation-vectors.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { shippedAnchors } from '../anchors/anchor-set.ts'
import { bindingBytes } from '../binding.ts'
import { CollateralShelf } from '../collateral/shelf.ts'
import { encodeEvidence } from '../evidence-codec.ts'
import { policyDigest } from '../policy/policy.ts'
import { PRODUCTION_POLICY } from '../policy/production.ts'
import { TEST_POLICY } from '../policy/test-profile.ts'
import { selfStatement } from '../self/self.ts'
import { openEnvelope, sealEnvelope } from './envelope.ts'
import {
  type AttestationResult,
  decodePieces,
  encodePieces,
  readResult,
  recheckResult,
  signResult,
} from './result.ts'
import { readRevocation, signRevocation } from './revocation.ts'

const [alice, bob] = [device(1), device(2)]
const epoch = new Uint8Array(32).fill(7)
const { verify } = nodeCrypto
const vectors = JSON.parse(readFileSync('test/vectors/attestation.json', 'utf8')) as Record<
  string,
  string
>

/** What alice says of herself, for one verifier or in an epoch. */
function word(verifier = bob.peer as typeof bob.peer | null): Uint8Array {
  const init = {
    kind: 'self',
    attester: alice.peer,
    verifier,
    nonce: epoch,
    secretHash: null,
  } as const
  const said = { binding: bindingBytes(init), version: '0.1.0', manifest: undefined }
  return encodeEvidence({ kind: 'self', statement: selfStatement(alice, said) })
}

const seal = (by = alice, pieces = [word(null)]) =>
  sealEnvelope(by, { epoch, issuedS: 1_800_000_000, pieces })

const RESULT: AttestationResult = {
  version: 1,
  attester: alice.peer,
  verifier: bob.peer,
  epoch: 'nonce',
  nonce: epoch,
  secretHash: undefined,
  activation: undefined,
  evidence: 'ab'.repeat(32),
  policyId: PRODUCTION_POLICY.id,
  policyDigest: policyDigest(PRODUCTION_POLICY),
  tier: 'self',
  status: 'affirming',
  scoreMicros: 300_000,
  codes: [],
  appraisedAtMs: 1_800_000_000_000,
  freshUntilMs: 1_800_003_600_000,
}
const REVOCATION = { attester: alice.peer, reason: 'restarted', atMs: 1_800_000_000_000 } as const

function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return errorCode(error)
  }
}

const codecs = [
  ['envelope', seal(), (bytes: Uint8Array) => openEnvelope(bytes, verify)],
  [
    'result',
    signResult(bob, { ...RESULT, policyDigest: 'cd'.repeat(32) }),
    (bytes: Uint8Array) => readResult(bytes, verify),
  ],
  [
    'revocation',
    signRevocation(bob, REVOCATION),
    (bytes: Uint8Array) => readRevocation(bytes, verify),
  ],
] as const

describe('what members pass on about one another', () => {
  it.each(codecs)('is the bytes of its vector: %s', (name, encoded) => {
    expect(toHex(encoded)).toBe(vectors[name])
  })

  it.each(codecs)('is refused cut short or with a flipped bit: %s', (_, encoded, read) => {
    for (let length = 0; length < encoded.length; length += 3) {
      expect(outcome(() => read(encoded.subarray(0, length)))).toMatch(/^[A-Z]+_/)
    }
    const accepts = (changed: Uint8Array): boolean =>
      typeof outcome(() => read(changed)) !== 'string'
    expect(acceptedFlips(encoded, accepts)).toEqual([])
  })

  it('opens what was sealed, and nothing that another has signed', () => {
    const envelope = openEnvelope(seal(), verify)
    expect(envelope).toMatchObject({ attester: alice.peer, epoch, pieces: [word(null)] })
    const forger = { peer: alice.peer, sign: (message: Uint8Array) => bob.sign(message) }
    expect(outcome(() => openEnvelope(seal(forger), verify))).toBe('COSE_SIGNATURE')
    const many = Array.from({ length: 5 }, () => word())
    expect(outcome(() => openEnvelope(seal(alice, many), verify))).toBe('ATTESTATION_LIMIT')
    expect(outcome(() => readResult(signResult(alice, RESULT), verify))).toBe('RESULT_MALFORMED')
    expect(readRevocation(signRevocation(bob, REVOCATION), verify)).toEqual({
      ...REVOCATION,
      by: bob.peer,
    })
  })

  it('lets a third find what was found, or that it is false', () => {
    const rules = {
      policy: PRODUCTION_POLICY,
      anchors: shippedAnchors(),
      shelf: new CollateralShelf(),
      verify,
      releaseKeys: [],
    }
    const pieces = decodePieces(encodePieces([word()]))
    const check = (change: Partial<AttestationResult>, shown = pieces) =>
      recheckResult({ ...RESULT, ...change }, shown, rules).type
    expect([
      check({}),
      check({ tier: 'tpm', scoreMicros: 700_000 }),
      check({ nonce: new Uint8Array(32) }),
      check({ verifier: device(3).peer }),
      check({ policyDigest: policyDigest(TEST_POLICY) }),
      check({ epoch: 'epoch' }),
      check({ epoch: 'epoch' }, [word(null)]),
      check({}, []),
    ]).toEqual([
      'agrees',
      'differs',
      'differs',
      'differs',
      'other-policy',
      'differs',
      'agrees',
      'differs',
    ])
    expect(outcome(() => decodePieces(Uint8Array.of(1)))).toBe('CBOR_MALFORMED')
  })
})
