import { expect, it } from 'vitest'
import { leafHash } from '../../core/merkle-tree.ts'
import { encodeHeader } from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
  type TestCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { encodeScore } from '../../trust/index.ts'
import { encodeProofFile, type ProvenScore, skipProblem, verifyProofFile } from './proof-file.ts'

const { sha256 } = nodeCrypto
const four = testCommittee(4)
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
const wallMs = headerBy(four).cutWallMs + 1_000

/** The score of the only device, as this committee certified it so many epochs later. */
function provenBy(seats: TestCommittee, later = 0): ProvenScore {
  const epoch = epochContext.epoch + later
  const value = encodeHeader(headerBy(seats, { epoch, scoresRoot: leafHash(sha256, leaf) }))
  const ballot = { kind: 'precommit' as const, round: 0, value: sha256(value) }
  const certificate = quorumFor(seats, ballot, { ...epochContext, epoch })
  const { committee } = seats
  const file = encodeProofFile(
    { value, certificate, committee },
    { leaf, index: 0, size: 1, path: [] },
  )
  const proven = verifyProofFile(nodeCrypto, file, wallMs)
  if (typeof proven === 'string') throw new Error(proven)
  return proven
}

const problem = (...proofs: readonly ProvenScore[]) => skipProblem(nodeCrypto, proofs, wallMs)

it('goes from a proof that is trusted to a later one over weeks and committees', () => {
  const [heirs, theirs] = [testCommittee(4, 3), testCommittee(4, 5)]
  expect(problem(provenBy(four), provenBy(four, 500))).toBe(undefined)
  expect(problem(provenBy(four), provenBy(heirs, 500), provenBy(theirs, 900))).toBe(undefined)
})

it('takes two scores of one header', () => {
  expect(problem(provenBy(four), provenBy(four))).toBe(undefined)
})

it('believes no committee of which nobody is known, and goes back to no earlier one', () => {
  const strangers = testCommittee(4, 20)
  expect(problem(provenBy(four), provenBy(strangers, 500))).toBe('EPOCH_TRUST_EXPIRED')
  expect(problem(provenBy(four, 500), provenBy(four))).toBe('EPOCH_MISMATCH')
})
