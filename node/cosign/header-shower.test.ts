import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { encodeHeader, EPOCH_LIMITS, type SignedHeader } from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  epochContext,
  headerBy,
  quorumFor,
  testCommittee,
} from '../../test/fixtures/epoch-committee.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { Crashed, MemoryRows } from '../ledger/memory-rows.ts'
import { CosignBook } from './cosign-book.ts'
import { HeaderCosigner } from './header-cosigner.ts'
import { showHeaders } from './header-shower.ts'

const { sha256 } = nodeCrypto
const { network } = epochContext
const home = testCommittee(1)
const witness = device(30)
const peer = device(1).peer

/** What a mesh of one device decided, from epoch 0 on. */
function decided(count: number): readonly SignedHeader[] {
  const all: SignedHeader[] = []
  for (let epoch = 0; epoch < count; epoch++) {
    const parent = all.at(-1)
    const value = encodeHeader(
      headerBy(home, { epoch, ...(parent === undefined ? {} : { parent: sha256(parent.value) }) }),
    )
    const ballot = { kind: 'precommit' as const, round: 0, value: sha256(value) }
    const certificate = quorumFor(home, ballot, { network, epoch })
    all.push({ value, certificate, committee: home.committee })
  }
  return all
}

interface CosignerInit {
  readonly fault?: 'none' | 'lost'
  /** Set for a witness that is in that mesh, with what it knows of it. */
  readonly ownMesh?: { readonly network: Uint8Array; readonly founder: PeerId }
  readonly known?: readonly SignedHeader[]
}

async function cosigner({ fault = 'none', ownMesh, known = [] }: CosignerInit = {}) {
  const rows = new MemoryRows({ fault: () => fault })
  const book = new CosignBook(rows, nodeCrypto)
  await book.open()
  const part = new HeaderCosigner({
    book: () => book,
    signer: witness,
    crypto: nodeCrypto,
    clock: new ManualClock(),
    ownMesh: () => ownMesh,
    ownHeader: (epoch) => Promise.resolve(known[epoch]),
    isNamed: (one) => one === peer,
    onFork: () => Promise.resolve(),
  })
  const shows: number[] = []
  const ask = async (question: Parameters<HeaderCosigner['answer']>[1]) => {
    shows.push(question.headers.length)
    const answer = await part.answer(peer, question)
    if (answer === undefined) throw new Error('nothing is answered')
    return answer
  }
  return { book, link: { ask }, shows }
}

describe('headers that are shown to a witness', () => {
  const headers = decided(2 * EPOCH_LIMITS.HEADERS_PER_SHOW_MAX + 3)
  const chain = (known: readonly SignedHeader[]) => ({
    crypto: nodeCrypto,
    network,
    headersFrom: (epoch: number, count: number) =>
      Promise.resolve(known.slice(epoch, epoch + count)),
  })
  const at = (epoch: number): SignedHeader => headers[epoch] as SignedHeader
  const last = headers.length - 1

  it('are all that it lacks, a few at a time', async () => {
    const { link, shows } = await cosigner()
    await showHeaders(link, witness.peer, at(0), chain(headers.slice(0, 1)))
    const outcome = await showHeaders(link, witness.peer, at(last), chain(headers))
    expect(outcome).toMatchObject({ type: 'cosigned', kept: { held: { epoch: last } } })
    expect(shows).toEqual([1, 1, 16, 16, 2])
  })

  it('leave a device that has fewer than the witness told which one that holds', async () => {
    const { link } = await cosigner()
    await showHeaders(link, witness.peer, at(9), chain(headers.slice(0, 10)))
    const outcome = await showHeaders(link, witness.peer, at(4), chain(headers.slice(0, 5)))
    expect(outcome).toEqual({ type: 'elsewhere', epoch: 9 })
  })

  it('are signed in its own mesh only by who has them itself', async () => {
    const ownMesh = { network, founder: peer }
    const [knows, lacks] = [
      await cosigner({ ownMesh, known: headers }),
      await cosigner({ ownMesh, known: [] }),
    ]
    const shown = await Promise.all(
      [knows, lacks].map(({ link }) => showHeaders(link, witness.peer, at(3), chain(headers))),
    )
    expect(shown).toMatchObject([{ type: 'cosigned' }, { type: 'refused', reason: 'unknown' }])
  })

  it('are signed by nobody whose disk did not take them', async () => {
    const { link, book } = await cosigner({ fault: 'lost' })
    await expect(showHeaders(link, witness.peer, at(0), chain(headers))).rejects.toBeInstanceOf(
      Crashed,
    )
    expect(book.held(network)).toBe(undefined)
  })

  it('are believed to be signed by nobody else', async () => {
    const { link } = await cosigner()
    const outcome = await showHeaders(link, device(31).peer, at(0), chain(headers.slice(0, 1)))
    expect(outcome).toEqual({ type: 'refused', reason: 'another header' })
  })
})
