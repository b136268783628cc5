/**
 * One of everything that seats say and decide, for test/vectors/epoch.json.
 *
 * @module
 */

import { toHex, utf8 } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import { leafHash } from '../core/merkle-tree.ts'
import {
  type Certificate,
  changeBy,
  encodeAccusation,
  encodeAnswer,
  encodeChange,
  encodeConsent,
  encodeCertificate,
  encodeCutBody,
  encodeDoubleProposal,
  encodeDoubleVote,
  encodeEpochMessage,
  encodeEpochRecord,
  encodeEvidenceItem,
  encodeHeader,
  encodeParameters,
  encodeScoreProof,
  encodeSignedHeader,
  encodeToldStatement,
  encodeVoteRecord,
  type EpochAnswer,
  epochCodec,
  type EpochMessage,
  type EpochQuestion,
  signConsent,
  signFarewell,
  signRestart,
  type VoteKind,
} from '../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  proposalBy,
  quorumFor,
  testCommittee,
  voteBy,
} from '../test/fixtures/epoch-committee.ts'

const seats = testCommittee(4)
const { sha256 } = nodeCrypto

/** The text of the file. */
export function epochVectors(): string {
  const leaf = utf8('a score')
  const value = encodeHeader(headerBy(seats, { scoresRoot: leafHash(sha256, leaf) }))
  const id = sha256(value)
  const other = sha256(utf8('other'))
  const vote = (kind: VoteKind, round: number, of: Uint8Array | undefined) =>
    voteBy(seats, 1, { kind, round, value: of })
  const bound = (kind: VoteKind, round: number, of: Uint8Array) => ({
    round,
    value: of,
    signature: vote(kind, round, of).signature,
  })
  const polka = quorumFor(seats, { kind: 'prevote', round: 0, value: id })
  const certificate = quorumFor(seats, { kind: 'precommit', round: 0, value: id })
  const proposal = proposalBy(seats, 1, { round: 1, value, validRound: 0 })
  const messages: readonly EpochMessage[] = [
    { type: 'proposal', proposal },
    { type: 'vote', vote: vote('prevote', 1, undefined) },
    { type: 'polka', polka },
    { type: 'round', votes: [vote('precommit', 0, id), vote('precommit', 0, undefined)] },
    { type: 'decision', decision: { value, certificate } },
  ]
  const accused = seats.committee[1] as (typeof seats.committee)[number]
  const base = { ...epochContext, accused }
  const vectors = {
    network: toHex(epochContext.network),
    epoch: epochContext.epoch,
    committee: seats.committee,
    header: toHex(value),
    headerId: toHex(id),
    certificate: toHex(encodeCertificate(certificate)),
    messages: messages.map((message) => ({
      type: message.type,
      hex: toHex(encodeEpochMessage(epochContext, message)),
    })),
    doubleVote: toHex(
      encodeDoubleVote({
        ...base,
        precommit: 0,
        round: 1,
        one: { value: undefined, signature: vote('prevote', 1, undefined).signature },
        other: { value: other, signature: vote('prevote', 1, other).signature },
      }),
    ),
    doubleProposal: doubleProposalVector(value),
    accusation: toHex(
      encodeAccusation({
        ...base,
        precommit: bound('precommit', 0, id),
        prevote: bound('prevote', 2, other),
      }),
    ),
    signedHeader: toHex(encodeSignedHeader({ value, certificate, committee: seats.committee })),
    scoreProof: toHex(
      encodeScoreProof({ header: value, certificate, leaf, index: 0, size: 1, path: [] }),
    ),
    voteRecord: voteRecordVector(value, id, polka),
  }
  return `${JSON.stringify({ ...vectors, ...besideVectors(value, certificate, polka) }, undefined, 2)}\n`
}

/** The same value, with a polka and without: a proposer signs one of both. */
function doubleProposalVector(value: Uint8Array): string {
  const [one, other] = [undefined, 0].map((validRound) => {
    const { signature } = proposalBy(seats, 1, { round: 1, value, validRound })
    return { value, validRound, signature }
  })
  invariant(one !== undefined && other !== undefined, 'there are two')
  const accused = seats.committee[1] as PeerId
  return toHex(encodeDoubleProposal({ ...epochContext, accused, round: 1, one, other }))
}

function voteRecordVector(value: Uint8Array, id: Uint8Array, polka: Certificate): string {
  const way = [id, undefined].map((of) =>
    voteBy(seats, 1, { kind: 'precommit', round: 0, value: of }),
  )
  return toHex(
    encodeVoteRecord({
      ...epochContext,
      round: 1,
      locked: { round: 0, value },
      valid: { round: 0, value },
      proposed: { value, validRound: 0 },
      prevote: { value: id },
      precommit: { value: undefined },
      answers: [polka],
      way,
    }),
  )
}

/** What travels beside a header: statements, proofs, cuts, and questions about them. */
function besideVectors(value: Uint8Array, certificate: Certificate, polka: Certificate) {
  const [owner] = seats.committee as [PeerId]
  const signed = { body: utf8('a statement'), signature: new Uint8Array(64).fill(5) }
  const stated = { owner, signed }
  const item = { kind: 2, proof: utf8('a proof') }
  const audit = utf8('an audit')
  const word = utf8('a word about an owner')
  const parameters = encodeParameters({ epochMs: 60_000 })
  const until = epochContext.epoch + 9
  const consents = seats.signers.map((signer) =>
    signConsent(signer, epochContext.network, { number: 1, parameters, until }),
  )
  const [consent] = consents
  const anchors = seats.committee.slice(0, 1)
  const change = changeBy({ committee: seats.committee, anchors }, consents)
  if (consent === undefined || change === undefined) throw new Error('a quorum wants it')
  const told = encodeToldStatement({ stated, credential: utf8('a credential') })
  const cut = encodeCutBody({
    statements: [stated],
    floors: [{ device: owner, floorMicros: 730_000, vendor: 'infineon' }],
    evidence: [item],
    audits: [audit],
    owners: [word],
    restart: signRestart(device(1), { ...epochContext, parent: sha256(value) }),
    change: encodeChange(change),
  })
  const decided = { value, certificate, committee: seats.committee, cut }
  const header = sha256(value)
  const evidence = encodeEvidenceItem(item)
  const farewell = signFarewell(device(1), epochContext)
  const questions: readonly EpochQuestion[] = [
    { type: 'cut', header },
    { type: 'epochs', from: 9 },
    { type: 'items', ids: [header] },
    { type: 'farewell', word: farewell },
    { type: 'report', report: utf8('a report') },
  ]
  const answers: readonly EpochAnswer[] = [
    { type: 'cut', cut },
    { type: 'cut', cut: undefined },
    { type: 'epochs', epochs: [decided] },
    { type: 'items', statements: [told], evidence: [evidence], audits: [audit], owners: [word] },
    { type: 'farewell', known: true },
    { type: 'report', taken: true },
  ]
  return {
    answer: toHex(encodeAnswer({ ...epochContext, polka })),
    consent: toHex(encodeConsent(consent)),
    change: toHex(encodeChange(change)),
    restart: toHex(signRestart(device(1), { ...epochContext, parent: header })),
    farewell: toHex(farewell),
    parameters: toHex(encodeParameters({ epochMs: 5_000 })),
    wholeParameters: toHex(
      encodeParameters({ epochMs: 5_000, seatsMax: 31, anchors: seats.committee }),
    ),
    toldStatement: toHex(told),
    evidenceItem: toHex(evidence),
    cut: toHex(cut),
    epochRecord: toHex(encodeEpochRecord(decided)),
    questions: questions.map((question) => toHex(epochCodec.encodeQuestion(question))),
    answers: answers.map((answer) => toHex(epochCodec.encodeAnswer(answer))),
  }
}
