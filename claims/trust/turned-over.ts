/**
 * A mesh of 64 seats of which an eighth changes with every epoch, from one header to another hours later.
 *
 * @module
 */

import { toHex } from '../../core/bytes.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import {
  committeeRoot,
  encodeHeader,
  encodeSignedHeader,
  type SignedHeader,
} from '../../protocols/epoch/index.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
  type TestCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import type { WayInput } from '../../test/fixtures/score-page-program.ts'

const SEATS = 64
const NEW_EACH_EPOCH = 8
const EPOCH_MS = 300_000

/** Epochs from the header that is trusted to the one that is shown, as far as there are keys for tests. */
export const TURNED_EPOCHS = 23

export function turnedOver(): WayInput {
  const all = Array.from({ length: TURNED_EPOCHS + 1 }, (_, epoch) => headerIn(epoch))
  const hex = all.map((signed) => toHex(encodeSignedHeader(signed)))
  return {
    trusted: hex[0] ?? '',
    shown: hex[TURNED_EPOCHS] ?? '',
    between: Object.fromEntries(hex.map((one, epoch) => [epoch, one])),
    wallMs: headerBy(seatsIn(0)).cutWallMs + TURNED_EPOCHS * EPOCH_MS,
  }
}

function headerIn(epoch: number): SignedHeader {
  const seats = seatsIn(epoch)
  const value = encodeHeader(
    headerBy(seats, {
      epoch,
      cutWallMs: headerBy(seats).cutWallMs + epoch * EPOCH_MS,
      next: rootIn(epoch + 1),
      afterNext: rootIn(epoch + 2),
    }),
  )
  const ballot = { kind: 'precommit' as const, round: 0, value: nodeCrypto.sha256(value) }
  const certificate = quorumFor(seats, ballot, { ...epochContext, epoch })
  return { value, certificate, committee: seats.committee }
}

function seatsIn(epoch: number): TestCommittee {
  return testCommittee(SEATS, 1 + NEW_EACH_EPOCH * epoch)
}

function rootIn(epoch: number): Uint8Array {
  return committeeRoot(nodeCrypto.sha256, seatsIn(epoch).committee)
}
