/**
 * Shows what this mesh decided to one witness, from where that stands on, and says what came of it.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  decodeHeader,
  EPOCH_LIMITS,
  type HeaderFork,
  headerForkOf,
  openHeaderCosignature,
  type CosignAnswer,
  type ShowHeaders,
  type SignedHeader,
} from '../../protocols/epoch/index.ts'
import type { QuestionLink } from '../witness/question-link.ts'
import type { KeptCosignature } from './cosign-book.ts'

export interface ShownChain {
  readonly crypto: Crypto
  readonly network: Uint8Array
  /** Decided headers from an epoch on, in order, at most so many. */
  readonly headersFrom: (epoch: number, count: number) => Promise<readonly SignedHeader[]>
}

export type ShowOutcome =
  | { readonly type: 'cosigned'; readonly kept: KeptCosignature }
  | { readonly type: 'forked'; readonly fork: HeaderFork }
  /** The witness holds a header of an epoch that was not decided here, or not the one that follows. */
  | { readonly type: 'elsewhere'; readonly epoch: number }
  | { readonly type: 'refused'; readonly reason: string }

type CosignLink = Pick<QuestionLink<ShowHeaders, CosignAnswer>, 'ask'>

/** Shows `top`, or everything from the header that the witness holds on. Rejects with a fault of the link. */
export async function showHeaders(
  link: CosignLink,
  witness: PeerId,
  top: SignedHeader,
  chain: ShownChain,
): Promise<ShowOutcome> {
  let headers: readonly SignedHeader[] = [top]
  for (let shows = 0; shows < EPOCH_LIMITS.SHOWS_PER_LINK_MAX; shows++) {
    const answer = await link.ask({ headers })
    if (answer.type === 'refused') return answer
    if (answer.type === 'forked') return forkedBy(chain, answer)
    if (answer.type === 'cosigned') {
      const outcome = cosignedBy(chain, { witness, headers, answer })
      // It holds what was shown last, which may not be all yet.
      headers = await headersAfter(chain, headers.at(-1) ?? top)
      if (outcome.type !== 'cosigned' || headers.length === 0) return outcome
    } else {
      const next = await afterHeld(link, chain, headers, answer.header)
      if ('type' in next) return next
      headers = next
    }
  }
  return { type: 'refused', reason: 'more to come' }
}

function headersAfter(chain: ShownChain, signed: SignedHeader): Promise<readonly SignedHeader[]> {
  return chain.headersFrom(epochOf(signed) + 1, EPOCH_LIMITS.HEADERS_PER_SHOW_MAX)
}

/** What followed the header that a witness holds; an outcome where that is none of this mesh as this device knows it. */
async function afterHeld(
  link: CosignLink,
  chain: ShownChain,
  shown: readonly SignedHeader[],
  held: SignedHeader,
): Promise<readonly SignedHeader[] | ShowOutcome> {
  const epoch = epochOf(held)
  const [mine] = await chain.headersFrom(epoch, 1)
  if (mine === undefined) return { type: 'elsewhere', epoch }
  if (!bytesEqual(mine.value, held.value)) {
    const fork = headerForkOf(chain.crypto, mine, held)
    if (fork === undefined) return { type: 'elsewhere', epoch }
    // So that the witness has both as well.
    await link.ask({ headers: [mine] })
    return { type: 'forked', fork }
  }
  const [next, ...later] = await headersAfter(chain, held)
  // To show the same again changes nothing.
  const isNew = next !== undefined && shown[0] !== undefined && epochOf(next) < epochOf(shown[0])
  return isNew ? [next, ...later] : { type: 'elsewhere', epoch }
}

function cosignedBy(
  { crypto, network }: ShownChain,
  {
    witness,
    headers,
    answer,
  }: {
    readonly witness: PeerId
    readonly headers: readonly SignedHeader[]
    readonly answer: Extract<CosignAnswer, { readonly type: 'cosigned' }>
  },
): ShowOutcome {
  const signed = answer.cosignature
  const held = openHeaderCosignature(crypto.verify, witness, signed)
  const last = headers.at(-1)
  const isOfLast =
    held.type === 'value' &&
    last !== undefined &&
    bytesEqual(held.value.network, network) &&
    bytesEqual(held.value.header, crypto.sha256(last.value))
  return isOfLast
    ? { type: 'cosigned', kept: { witness, held: held.value, signed } }
    : { type: 'refused', reason: 'another header' }
}

/** What the witness says is looked at: it may have made it up. */
function forkedBy({ crypto, network }: ShownChain, { one, other }: HeaderFork): ShowOutcome {
  const header = decodeHeader(one.value)
  const isOwn = header.type === 'value' && bytesEqual(header.value.network, network)
  const fork = isOwn ? headerForkOf(crypto, one, other) : undefined
  return fork === undefined
    ? { type: 'refused', reason: 'no proof of a fork' }
    : { type: 'forked', fork }
}

function epochOf({ value }: SignedHeader): number {
  const header = decodeHeader(value)
  return header.type === 'value' ? header.value.epoch : 0
}
