import { describe, expect, it } from 'vitest'
import { DeferredVerify } from '../../core/deferred-verify.ts'
import { peerIdOf } from '../../core/peer-key.ts'
import { nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
  type TestCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { encodeHeader, type Header } from './header.ts'
import { type SignedHeader, type TrustedHeader, trustedFrom } from './light-client.ts'
import { TRUSTING_MS_MAX } from './limits.ts'
import { committeeRoot } from './seats.ts'
import { type HeaderWish, trustPath } from './trust-path.ts'

const { sha256 } = nodeCrypto
const EPOCH_MS = 300_000
const { cutWallMs: startMs } = headerBy(testCommittee(1))

/** One seat of four is another one every fifth epoch. */
const seatsIn = (epoch: number): TestCommittee => testCommittee(4, 1 + Math.floor(epoch / 5))
const rootIn = (epoch: number): Uint8Array => committeeRoot(sha256, seatsIn(epoch).committee)

function headerIn(
  epoch: number,
  seats = seatsIn(epoch),
  change: Partial<Header> = {},
): SignedHeader {
  const value = encodeHeader(
    headerBy(seats, {
      epoch,
      cutWallMs: startMs + epoch * EPOCH_MS,
      next: rootIn(epoch + 1),
      afterNext: rootIn(epoch + 2),
      ...change,
    }),
  )
  const ballot = { kind: 'precommit' as const, round: 0, value: sha256(value) }
  const certificate = quorumFor(seats, ballot, { ...epochContext, epoch })
  return { value, certificate, committee: seats.committee }
}

/** Headers as they were decided, by epoch. */
const decided = new Map<number, SignedHeader>()
function decidedIn(epoch: number): SignedHeader {
  const header = decided.get(epoch) ?? headerIn(epoch)
  decided.set(epoch, header)
  return header
}

function trusted(epoch: number): TrustedHeader {
  const { value, committee } = decidedIn(epoch)
  const known = trustedFrom(nodeCrypto, value, committee)
  if (known.type === 'refused') throw new Error(known.reason)
  return known.value
}

interface Walked {
  readonly result: string | readonly number[]
  readonly asked: readonly number[]
}

/** Goes from one epoch to another with what `source` gives: the epochs of the steps, or why it got nowhere. */
function walk(
  from: number,
  to: number,
  source: (wish: HeaderWish) => SignedHeader | undefined = ({ middle }) => decidedIn(middle),
  { wallMs = startMs + to * EPOCH_MS, shown = decidedIn(to), crypto = nodeCrypto } = {},
): Walked {
  const way = trustPath(crypto, trusted(from), shown, wallMs)
  const asked: number[] = []
  let step = way.next()
  while (step.done !== true) {
    asked.push(step.value.middle)
    step = way.next(source(step.value))
  }
  if (step.value.type === 'refused') return { result: step.value.code, asked }
  const epochOf = ({ value }: SignedHeader): number =>
    [...Array(to + 1).keys()].find(
      (one) => sha256(decidedIn(one).value).join() === sha256(value).join(),
    ) ?? -1
  return { result: step.value.value.steps.map(epochOf), asked }
}

describe('the way from a trusted header to a later one', () => {
  it('is one step while more than a third of the seats stay', () => {
    expect(walk(0, 7)).toEqual({ result: [7], asked: [] })
    expect(walk(3, 3)).toEqual({ result: [], asked: [] })
  })

  it('goes through headers of the middle where all seats have changed', () => {
    const { result, asked } = walk(0, 40)
    expect(asked).toEqual([20, 10, 30])
    expect(result).toEqual([10, 20, 30, 40])
  })

  it('takes what there is in between, where it is not the middle', () => {
    const few = [9, 14, 17, 26, 33]
    const { result } = walk(0, 40, ({ after, before }) =>
      few.flatMap((one) => (one > after && one < before ? [decidedIn(one)] : [])).at(-1),
    )
    expect(result).toEqual([14, 17, 26, 33, 40])
  })

  it.each<[string, Parameters<typeof walk>, string, number]>([
    ['nobody gives any', [0, 40, () => undefined], 'EPOCH_HEADERS_LACKING', 1],
    ['what is given lies elsewhere', [0, 40, () => decidedIn(40)], 'EPOCH_HEADERS_LACKING', 1],
    [
      'what is given was made up',
      [0, 40, ({ middle }) => headerIn(middle, testCommittee(4, 50))],
      'EPOCH_HEADERS_LACKING',
      5,
    ],
    [
      'what is given was not decided',
      [0, 40, ({ middle }) => ({ ...decidedIn(middle), certificate: decidedIn(1).certificate })],
      'EPOCH_CERTIFICATE_INVALID',
      1,
    ],
    [
      'what is given is of another mesh',
      [0, 40, ({ middle }) => headerIn(middle, seatsIn(middle), { network: rootIn(0) })],
      'EPOCH_HEADERS_LACKING',
      1,
    ],
    [
      'too much time has passed',
      [0, 40, undefined, { wallMs: startMs + TRUSTING_MS_MAX + 1 }],
      'EPOCH_TRUST_EXPIRED',
      0,
    ],
    ['the shown one is older', [9, 3], 'EPOCH_TRUST_EXPIRED', 0],
  ])('ends where %s', (_, [from, to, source, more], code, asks) => {
    const { result, asked } = walk(from, to, source, more)
    expect([result, asked.length]).toEqual([code, asks])
  })

  it('is the same where signatures are checked later, as in a page', async () => {
    const deferred = new DeferredVerify()
    const crypto = { ...nodeCrypto, verify: deferred.verify }
    const given = ({ middle }: HeaderWish): SignedHeader => decidedIn(middle)
    expect(walk(0, 40, given, { crypto }).result).toEqual([10, 20, 30, 40])
    expect(await deferred.allHold(() => Promise.resolve(true))).toBe(true)
    const forged = ({ middle }: HeaderWish): SignedHeader => {
      const header = decidedIn(middle)
      const { certificate } = header
      const signatures = certificate.signatures.toReversed()
      return { ...header, certificate: { ...certificate, signatures } }
    }
    expect(walk(0, 40, forged, { crypto }).result).toEqual([10, 20, 30, 40])
    const holds = await deferred.allHold((key, message, signature) =>
      Promise.resolve(nodeCrypto.verify(peerIdOf(key), message, signature)),
    )
    expect(holds).toBe(false)
  })
})
