import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytesEqual, fromHex } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import {
  decodeAnswer,
  decodeCertificate,
  decodeChange,
  decodeConsent,
  decodeCutBody,
  decodeEpochMessage,
  decodeEpochRecord,
  decodeEvidenceItem,
  decodeHeader,
  decodeSignedHeader,
  decodeToldStatement,
  decodeVoteRecord,
  encodeCutBody,
  encodeEpochMessage,
  encodeEpochRecord,
  encodeEvidenceItem,
  encodeParameters,
  encodeToldStatement,
  epochCodec,
  EPOCH_LIMITS,
  EpochMachine,
  type EpochMessage,
  isAnswer,
  isChangeOf,
  isConsent,
  isDecisionOf,
  openFarewell,
  openRestart,
  parametersOf,
  type Result,
  trustedFrom,
  verifyAccusation,
  verifyDoubleProposal,
  verifyDoubleVote,
  verifyScoreProof,
} from '../protocols/epoch/index.ts'
import { epochVectors } from '../scripts/epoch-vectors.ts'
import { device, nodeCrypto } from './fixtures/devices.ts'

interface MessageVector {
  readonly type: EpochMessage['type']
  readonly hex: string
}

const text = readFileSync('test/vectors/epoch.json', 'utf8')
const vectors = JSON.parse(text) as Readonly<Record<string, string>> & {
  readonly messages: readonly MessageVector[]
  readonly committee: readonly PeerId[]
  readonly questions: readonly string[]
  readonly answers: readonly string[]
}
const { verify } = nodeCrypto
const { committee } = vectors
const context = { network: bytes('network'), epoch: Number(vectors['epoch']) }
const timeouts = { proposeMs: 1, proposeGrowthMs: 0, voteMs: 1, voteGrowthMs: 0, repeatMs: 1 }

function bytes(name: string): Uint8Array {
  return bytesOf(vectors[name] ?? '')
}

function bytesOf(hex: string): Uint8Array {
  const decoded = fromHex(hex)
  if (decoded === undefined) throw new Error('not hexadecimal')
  return decoded
}

/** Every truncation of `encoded`, and copies with one bit of each byte flipped. */
function* damaged(encoded: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < encoded.length; length++) yield encoded.subarray(0, length)
  for (const [at, byte] of encoded.entries()) yield encoded.with(at, byte ^ (1 << (at % 8)))
}

/** What a seat that only watches has against a message; undefined when it takes it. */
function problemOf(encoded: Uint8Array): string | undefined {
  const decoded = decodeEpochMessage(context, encoded)
  if (decoded.type === 'refused') return decoded.code
  const message = decoded.value
  const tooFar =
    message.type === 'proposal' && message.proposal.round > EPOCH_LIMITS.ROUNDS_AHEAD_MAX
  if (tooFar) return 'ignored'
  const machine = new EpochMachine({
    ...context,
    committee,
    order: [0, 1, 2, 3],
    seat: undefined,
    signer: device(1),
    crypto: nodeCrypto,
    timeouts,
    record: undefined,
  })
  const outputs = machine.handle({ type: 'message', from: 'peer', message }, 0)
  return outputs.find((output) => output.type === 'fault')?.code
}

describe('the messages of seats', () => {
  it('are what the code writes: run `npm run vectors` after a change of the format', () => {
    expect(text).toBe(epochVectors())
  })

  it.each(vectors.messages)('hold a $type, and none that is damaged', ({ type, hex }) => {
    const encoded = bytesOf(hex)
    const decoded = decodeEpochMessage(context, encoded)
    const message = decoded.type === 'value' ? decoded.value : undefined
    expect(message?.type).toBe(type)
    expect(message && encodeEpochMessage(context, message)).toEqual(encoded)
    expect(problemOf(encoded)).toBeUndefined()
    expect([...damaged(encoded)].filter((copy) => problemOf(copy) === undefined)).toEqual([])
  })

  it.each<[string, Parameters<typeof decodeEpochMessage>[0], string]>([
    ['another epoch', { ...context, epoch: 10 }, 'EPOCH_MISMATCH'],
    ['another mesh', { ...context, network: bytes('headerId') }, 'EPOCH_MISMATCH'],
  ])('are refused in %s', (_, elsewhere, code) => {
    for (const { hex } of vectors.messages) {
      expect(decodeEpochMessage(elsewhere, bytesOf(hex))).toMatchObject({ code })
    }
  })

  it('are refused when they are too long, or of a version to come', () => {
    const long = new Uint8Array(EPOCH_LIMITS.MESSAGE_BYTES_MAX + 1)
    expect(decodeEpochMessage(context, long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
    const later = bytesOf(vectors.messages[0]?.hex ?? '').with(1, 2)
    expect(decodeEpochMessage(context, later)).toMatchObject({ code: 'EPOCH_VERSION_UNSUPPORTED' })
  })
})

const known = trustedFrom(nodeCrypto, bytes('header'), committee)
const checks: Readonly<Record<string, (encoded: Uint8Array) => boolean>> = {
  doubleVote: (encoded) => verifyDoubleVote(verify, encoded).type === 'value',
  doubleProposal: (encoded) => verifyDoubleProposal(verify, encoded).type === 'value',
  accusation: (encoded) => verifyAccusation(verify, encoded).type === 'value',
  consent: (encoded) => {
    const consent = decodeConsent(encoded)
    return consent.type === 'value' && isConsent(verify, context.network, consent.value)
  },
  change: (encoded) => {
    const change = decodeChange(encoded)
    return (
      change.type === 'value' &&
      isChangeOf(verify, { ...context, committee, anchors: committee.slice(0, 1) }, change.value)
    )
  },
  restart: (encoded) => {
    const restart = openRestart(verify, device(1).peer, encoded)
    return restart.type === 'value' && restart.value.epoch === context.epoch
  },
  farewell: (encoded) => {
    const farewell = openFarewell(verify, encoded)
    return farewell.type === 'value' && farewell.value.epoch === context.epoch
  },
  answer: (encoded) => {
    const answer = decodeAnswer(encoded)
    const [at, to] = [0, 2]
    const [of, value, signature] = [bytes('network'), bytes('headerId'), new Uint8Array(64)]
    const accused = committee[1] as PeerId
    const precommit = { round: at, value: of, signature }
    const accusation = { ...context, accused, precommit, prevote: { round: to, value, signature } }
    return (
      answer.type === 'value' &&
      answer.value.epoch === context.epoch &&
      bytesEqual(answer.value.network, context.network) &&
      isAnswer(verify, committee, accusation, answer.value.polka)
    )
  },
  certificate: (encoded) => {
    const certificate = decodeCertificate(encoded)
    const value = bytes('header')
    return (
      certificate !== undefined &&
      isDecisionOf(nodeCrypto, context, committee, { value, certificate })
    )
  },
  signedHeader: (encoded) => {
    const signed = decodeSignedHeader(encoded)
    if (signed.type === 'refused') return false
    const { value } = signed
    const names = trustedFrom(nodeCrypto, value.value, value.committee).type === 'value'
    return names && isDecisionOf(nodeCrypto, context, value.committee, value)
  },
  scoreProof: (encoded) =>
    known.type === 'value' &&
    verifyScoreProof(nodeCrypto, known.value, encoded, known.value.cutWallMs).type === 'value',
}

describe('what is decided, and what is proven', () => {
  it.each(Object.entries(checks))('holds as %s, and not when it is damaged', (name, check) => {
    expect(check(bytes(name))).toBe(true)
    expect([...damaged(bytes(name))].filter(check).length).toBe(0)
  })

  it.each(['header', 'voteRecord'])('has a %s, of which no part is one', (name) => {
    const read = (encoded: Uint8Array): boolean =>
      name === 'header'
        ? decodeHeader(encoded).type === 'value'
        : decodeVoteRecord(encoded) !== undefined
    const encoded = bytes(name)
    expect(read(encoded)).toBe(true)
    for (let length = 0; length < encoded.length; length++) {
      expect(read(encoded.subarray(0, length))).toBe(false)
    }
    // A longer header than one can be is not read, and neither is one of a version to come.
    expect(read(new Uint8Array(EPOCH_LIMITS.VOTE_RECORD_BYTES_MAX + 1))).toBe(false)
    expect(read(encoded.with(1, 2))).toBe(false)
  })
})

const [founder] = committee as readonly [PeerId]

/** What is read of bytes, written again; undefined when they are refused. */
const readers: Readonly<Record<string, (encoded: Uint8Array) => Uint8Array | undefined>> = {
  parameters: (encoded) => {
    const parameters = parametersOf(encoded, founder)
    return parameters && encodeParameters({ epochMs: parameters.epochMs })
  },
  wholeParameters: (encoded) => {
    const parameters = parametersOf(encoded, founder)
    return parameters && encodeParameters(parameters)
  },
  toldStatement: (encoded) => rewritten(decodeToldStatement(encoded), encodeToldStatement),
  evidenceItem: (encoded) => rewritten(decodeEvidenceItem(encoded), encodeEvidenceItem),
  cut: (encoded) => rewritten(decodeCutBody(encoded), encodeCutBody),
  epochRecord: (encoded) => rewritten(decodeEpochRecord(encoded), encodeEpochRecord),
}

function rewritten<T>(read: Result<T>, write: (value: T) => Uint8Array): Uint8Array | undefined {
  return read.type === 'value' ? write(read.value) : undefined
}

/** Changed copies of `encoded` that are read as the whole, parts that are read at all; none of what has one encoding. */
function misread(
  encoded: Uint8Array,
  read: (bytes: Uint8Array) => Uint8Array | undefined,
): readonly Uint8Array[] {
  const whole = read(encoded)
  const exact = whole !== undefined && bytesEqual(whole, encoded) ? [] : [encoded]
  const wrong = [...damaged(encoded)].filter((copy) => {
    const again = read(copy)
    return again !== undefined && (copy.length < encoded.length || !bytesEqual(again, copy))
  })
  return [...exact, ...wrong]
}

describe('what travels beside a header', () => {
  it.each(Object.entries(readers))('has one encoding as %s', (name, read) => {
    expect(misread(bytes(name), read)).toEqual([])
  })

  it.each(['questions', 'answers'] as const)('is asked for in %s of one encoding', (kind) => {
    const read = (encoded: Uint8Array): Uint8Array | undefined => {
      if (kind === 'questions') {
        const question = epochCodec.decodeQuestion(encoded)
        return question && epochCodec.encodeQuestion(question)
      }
      const answer = epochCodec.decodeAnswer(encoded)
      return answer && epochCodec.encodeAnswer(answer)
    }
    expect(vectors[kind].flatMap((hex) => misread(bytesOf(hex), read))).toEqual([])
  })

  it('is refused when it is too long', () => {
    const long = new Uint8Array(EPOCH_LIMITS.CUT_BYTES_MAX + 1)
    expect(decodeCutBody(long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
    expect(decodeToldStatement(long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
    expect(decodeEvidenceItem(long)).toMatchObject({ code: 'EPOCH_MESSAGE_TOO_LONG' })
  })
})
