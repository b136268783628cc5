/**
 * One of everything that trust is made of, for test/vectors/trust.json.
 *
 * @module
 */

import { toHex } from '../core/bytes.ts'
import { encodeShape } from '../core/cbor-shape.ts'
import type { SignedRecord } from '../core/signed-record.ts'
import { signedRecord } from '../core/signed-record.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import {
  cutOf,
  domain,
  namedDomain,
  statementsOf,
  trustNetwork,
} from '../test/fixtures/trust-mesh.ts'
import {
  encodeOwnerWord,
  encodeStatementFork,
  type OwnerSubject,
  type ScoredDevice,
  signOwnerWord,
  signReport,
  signStatement,
  type Statement,
  TRUST_LIMITS,
  TrustState,
} from '../trust/index.ts'

const [alice, bob, carol] = [domain(1), domain(2), domain(3)]

/** The text of the file. */
export function trustVectors(): string {
  const [one, other] = [signed([deed(40)]), signed([])]
  const half = signOwnerWord(alice.signer, subject(true), 20)
  const { byDevice } = signOwnerWord(bob.signer, subject(true), 21)
  const state = foldedState()
  const scores = state.scores([alice, bob, carol].map(scored))
  const shown = scores.pathOf(bob.signer.peer)
  const vectors = {
    network: toHex(trustNetwork),
    owner: alice.signer.peer,
    domain: toHex(alice.id),
    statement: toHex(encodeShape(signedRecord(TRUST_LIMITS.STATEMENT_BYTES_MAX), one)),
    statementFork: toHex(encodeStatementFork(alice.signer.peer, one, other)),
    bindingHalf: toHex(encodeOwnerWord(half)),
    binding: toHex(encodeOwnerWord({ ...half, byDevice })),
    unbinding: toHex(encodeOwnerWord(signOwnerWord(bob.signer, subject(false), 22))),
    report: toHex(report()),
    score: toHex(shown?.leaf ?? new Uint8Array()),
    masses: [alice, bob, carol].map(({ id }) => state.facts(id).mass),
    micros: scores.scores.map(({ micros }) => micros),
    graphRoot: toHex(state.standings().graphRoot),
    scoresRoot: toHex(scores.root),
  }
  return `${JSON.stringify(vectors, undefined, 2)}\n`
}

function subject(binds: boolean): OwnerSubject {
  const [owner, device] = [alice.signer.peer, bob.signer.peer]
  return { network: trustNetwork, number: binds ? 1 : 2, owner, device, binds }
}

/** What the second device tells the first, whose domain it is in. */
function report(): Uint8Array {
  return signReport(bob.signer, {
    network: trustNetwork,
    epoch: 7,
    device: bob.signer.peer,
    domain: alice.id,
    head: { size: 12, root: namedDomain('root') },
    provided: [{ peer: carol.id, milliCredits: 40 }],
    consumed: [],
  })
}

function deed(milliCredits: number): Parameters<typeof statementsOf>[2][number] {
  return { requester: alice.id, provider: bob.id, milliCredits }
}

function signed(deeds: Parameters<typeof statementsOf>[2]): SignedRecord {
  const [statement] = statementsOf(7, [alice.id], deeds)
  const heads = [{ device: bob.signer.peer, size: 12, root: namedDomain('root') }]
  return signStatement(alice.signer, { ...(statement as Statement), heads })
}

function scored({ id, signer }: typeof alice): ScoredDevice {
  return { device: signer.peer, domain: id, floorMicros: 500_000 }
}

/** Three domains over two days: work, audits, and a fault of who is none of them, which leaves no trace. */
function foldedState(): TrustState {
  const state = new TrustState(nodeCrypto.sha256, [alice.id])
  const speakers = [alice.id, bob.id, carol.id]
  const first = [deed(40_000), { requester: bob.id, provider: carol.id, milliCredits: 900 }]
  state.fold({
    ...cutOf(287, speakers, first),
    verdicts: [
      { provider: bob.id, passed: true },
      { provider: bob.id, passed: false },
    ],
  })
  const second = [deed(7_000), { requester: alice.id, provider: carol.id, milliCredits: 900 }]
  state.fold({
    ...cutOf(288, speakers, second),
    faults: [{ domain: namedDomain('x'), kind: 'amnesia', evidence: namedDomain('proof') }],
  })
  return state
}
