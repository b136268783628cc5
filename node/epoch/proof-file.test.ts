import { describe, expect, it } from 'vitest'
import { leafHash } from '../../core/merkle-tree.ts'
import { encodeHeader, signHeaderCosignature } from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { rememberingCrypto } from '../../test/fixtures/remembering-crypto.ts'
import { encodeScore } from '../../trust/index.ts'
import {
  encodeProofFile,
  PROOF_FILE_BYTES_MAX,
  verifyProofFile,
  type WitnessWord,
} from './proof-file.ts'

const { sha256 } = nodeCrypto
const seats = testCommittee(2)
const leaf = encodeScore({
  epoch: epochContext.epoch,
  device: device(1).peer,
  domain: new Uint8Array(32),
  micros: 300_000,
  floorMicros: 300_000,
  ceilingMicros: 900_000,
  standingMicros: 0,
  auditFactorQ16: 65_536,
  faulted: false,
})
const header = headerBy(seats, { scoresRoot: leafHash(sha256, leaf) })
const value = encodeHeader(header)
const wallMs = header.cutWallMs + 1_000
const certificate = quorumFor(seats, { kind: 'precommit', round: 0, value: sha256(value) })
const crypto = rememberingCrypto()

function word(number: number, of = value): WitnessWord {
  const signer = device(number)
  const held = { ...epochContext, header: sha256(of), wallMs }
  return { witness: signer.peer, signed: signHeaderCosignature(signer, held) }
}

const fileWith = (...words: readonly WitnessWord[]): Uint8Array =>
  encodeProofFile(
    { value, certificate, committee: seats.committee },
    { leaf, index: 0, size: 1, path: [] },
    words,
  )
const verdict = (file: Uint8Array): unknown => {
  const proven = verifyProofFile(crypto, file, wallMs)
  return typeof proven === 'string' ? proven : proven.witnesses
}

describe('the file of a proof', () => {
  it('says which witnesses cosigned the header', () => {
    expect(verdict(fileWith())).toEqual([])
    const [one, other] = [word(30), word(31)]
    expect(verdict(fileWith(one, other))).toEqual([one.witness, other.witness])
  })

  it.each<[string, WitnessWord]>([
    ['another header', word(30, Uint8Array.of(1))],
    ['another witness than it says', { ...word(30), witness: device(31).peer }],
  ])('is refused with the word of %s', (_, wrong) => {
    expect(verdict(fileWith(wrong))).toBe('EPOCH_SIGNATURE_INVALID')
  })

  it('is refused with any byte changed or missing, and when it is too long', () => {
    const file = fileWith(word(30))
    for (const [at, byte] of file.entries()) {
      expect(verdict(file.with(at, byte ^ (1 << (at % 8))))).toEqual(expect.any(String))
      expect(verdict(file.subarray(0, at))).toEqual(expect.any(String))
    }
    expect(verdict(new Uint8Array(PROOF_FILE_BYTES_MAX + 1))).toBe('EPOCH_MESSAGE_TOO_LONG')
  })
})
