/**
 * The way from a header that a light client trusts to a later one that it is shown: as few steps as it takes.
 *
 * Skipping with bisection, as light clients of Tendermint do it: the later header is tried at once, and where too few
 * of the seats that are known signed it, one from the middle is asked for and tried first. Whoever gives the
 * headers in between need not be trusted: each is believed by the rule of {@link advanceTrust}, or not at all.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import { accept, refuse, type Refused, type Result } from './errors.ts'
import { decodeHeader, type Header } from './header.ts'
import { advanceTrust, isFresh, type SignedHeader, type TrustedHeader } from './light-client.ts'
import { PATH_HEADERS_MAX } from './limits.ts'

/** Asks for a header strictly between two epochs, best one close to the middle; undefined where nobody has one. */
export interface HeaderWish {
  /** The epoch that is trusted, and the one that cannot be reached from there at once. */
  readonly after: number
  readonly before: number
  readonly middle: number
}

/** The headers that led there, the shown one last: whoever trusts the first one needs no others. */
export interface TrustPath {
  readonly trusted: TrustedHeader
  readonly steps: readonly SignedHeader[]
}

interface Read {
  readonly signed: SignedHeader
  readonly header: Header
}

/**
 * Believes `shown`, or says why not. Yields what it needs, and is given it, so that it runs over files, over links and
 * in a page alike; at most {@link PATH_HEADERS_MAX} times.
 */
export function* trustPath(
  crypto: Crypto,
  known: TrustedHeader,
  shown: SignedHeader,
  wallMs: number,
): Generator<HeaderWish, Result<TrustPath>, SignedHeader | undefined> {
  if (bytesEqual(crypto.sha256(shown.value), known.id)) return accept({ trusted: known, steps: [] })
  const target = later(known, shown)
  if (target.type === 'refused') return target
  const ahead: Read[] = [target.value]
  const steps: SignedHeader[] = []
  let trusted = known
  for (let asked = 0; asked <= PATH_HEADERS_MAX;) {
    const next = ahead.at(-1)
    if (next === undefined) return accept({ trusted, steps })
    const step = advanceTrust(crypto, trusted, next.signed, wallMs)
    if (step.type === 'value') {
      trusted = step.value
      steps.push(next.signed)
      ahead.pop()
      continue
    }
    const isTooFar = step.code === 'EPOCH_TRUST_EXPIRED' && isFresh(trusted, next.header, wallMs)
    if (!isTooFar) return step
    const wish = wishBetween(trusted.epoch, next.header.epoch)
    const between = wish && (yield wish)
    asked++
    const found = wish && between && readBetween(known, wish, between)
    if (found === undefined) return lacking(trusted.epoch, next.header.epoch)
    ahead.push(found)
  }
  return refuse('EPOCH_TRUST_EXPIRED', `expected to need at most ${PATH_HEADERS_MAX} headers`)
}

function later(known: TrustedHeader, shown: SignedHeader): Result<Read> {
  const target = read(shown)
  return target.type === 'value' && target.value.header.epoch < known.epoch
    ? refuse('EPOCH_TRUST_EXPIRED', 'expected a header that is not older than the trusted one')
    : target
}

/** What could be in between; undefined where nothing can. */
function wishBetween(after: number, before: number): HeaderWish | undefined {
  const middle = Math.floor((after + before) / 2)
  return middle > after ? { after, before, middle } : undefined
}

function readBetween(
  known: TrustedHeader,
  { after, before }: HeaderWish,
  signed: SignedHeader,
): Read | undefined {
  const found = read(signed)
  if (found.type === 'refused') return undefined
  const { epoch, network } = found.value.header
  const isBetween = epoch > after && epoch < before && bytesEqual(network, known.network)
  return isBetween ? found.value : undefined
}

function read(signed: SignedHeader): Result<Read> {
  const header = decodeHeader(signed.value)
  return header.type === 'refused' ? header : accept({ signed, header: header.value })
}

function lacking(after: number, before: number): Refused {
  return refuse(
    'EPOCH_HEADERS_LACKING',
    `expected headers of epochs between ${after} and ${before}`,
  )
}
