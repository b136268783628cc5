import { describe, expect, it } from 'vitest'
import { compareBytes } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { nodeCrypto } from '../test/fixtures/devices.ts'
import { domain, namedDomain, statementsOf, trustNetwork } from '../test/fixtures/trust-mesh.ts'
import { STATEMENT_BYTES_MAX, STATEMENT_FORK_BYTES_MAX, STATEMENT_ROWS_MAX } from './limits.ts'
import { encodeStatementFork, verifyStatementFork } from './statement-fork.ts'
import {
  decodeStatement,
  openStatement,
  signStatement,
  type Statement,
  statementRows,
  summedRows,
} from './statement.ts'

const [alice, bob, carol] = [domain(1), domain(2), domain(3)]
const context = {
  verify: nodeCrypto.verify,
  network: trustNetwork,
  ownerOf: (id: Uint8Array) => (compareBytes(id, alice.id) === 0 ? alice.signer.peer : undefined),
}

function statement(change: Partial<Statement> = {}): Statement {
  const [first] = statementsOf(
    7,
    [alice.id],
    [
      { requester: alice.id, provider: bob.id, milliCredits: 40 },
      { requester: carol.id, provider: alice.id, milliCredits: 2 },
    ],
  )
  return { ...(first as Statement), ...change }
}

const answer = (made: Statement, signer = alice.signer): string => {
  const opened = openStatement(context, signStatement(signer, made))
  return opened.type === 'refused' ? opened.code : 'taken'
}

describe('a statement', () => {
  it('is what its owner signed', () => {
    const made = statement({
      heads: [{ device: bob.signer.peer, size: 9, root: namedDomain('root') }],
    })
    const opened = openStatement(context, signStatement(alice.signer, made))
    expect(opened).toEqual({ type: 'value', value: { v: 1, ...made } })
  })

  const row = (id: Uint8Array, milliCredits = 1) => ({ peer: id, milliCredits })
  const [low, high] = [bob.id, carol.id].toSorted(compareBytes) as [Uint8Array, Uint8Array]

  it.each<[string, Partial<Statement>, string]>([
    ['rows in order', { provided: [row(low), row(high)] }, 'taken'],
    ['rows out of order', { provided: [row(high), row(low)] }, 'TRUST_ROWS_INVALID'],
    ['a row twice', { consumed: [row(low), row(low)] }, 'TRUST_ROWS_INVALID'],
    ['an empty row', { consumed: [row(low, 0)] }, 'TRUST_ROWS_INVALID'],
    [
      'a head twice',
      { heads: [1, 1].map((size) => ({ device: bob.signer.peer, size, root: low })) },
      'TRUST_ROWS_INVALID',
    ],
    ['a row about itself', { consumed: [row(alice.id)] }, 'TRUST_ROWS_INVALID'],
    ['another mesh', { network: low }, 'TRUST_NETWORK_MISMATCH'],
    ['a domain that nobody knows', { domain: namedDomain('x') }, 'TRUST_DOMAIN_UNKNOWN'],
  ])('with %s is: %3$s', (_, change, code) => {
    expect(answer(statement(change))).toBe(code)
  })

  it('by another device is refused', () => {
    expect(answer(statement(), bob.signer)).toBe('TRUST_SIGNATURE_INVALID')
  })

  it('that is as long as one may be fits its limit, and a longer one is refused unread', () => {
    const rows = Array.from({ length: STATEMENT_ROWS_MAX }, (_, at) => row(namedDomain(at), 4e9))
    const provided = rows.toSorted((a, b) => compareBytes(a.peer, b.peer))
    const heads = Array.from({ length: 64 }, (_, at) => ({
      device: domain(at + 1).signer.peer,
      size: Number.MAX_SAFE_INTEGER,
      root: namedDomain(at),
    })).toSorted((a, b) => (a.device < b.device ? -1 : 1))
    const { body } = signStatement(
      alice.signer,
      statement({ epoch: 4e9, provided, consumed: provided, heads }),
    )
    expect(body.length).toBeLessThanOrEqual(STATEMENT_BYTES_MAX)
    expect(decodeStatement(body).type).toBe('value')
    const long = new Uint8Array(STATEMENT_BYTES_MAX + 1)
    expect(decodeStatement(long)).toMatchObject({ code: 'TRUST_TOO_LONG' })
  })

  it('of a version to come is not called broken', () => {
    const { body } = signStatement(alice.signer, statement())
    expect(decodeStatement(body.with(1, 2))).toMatchObject({ code: 'TRUST_VERSION_UNSUPPORTED' })
  })
})

describe('the rows of a statement', () => {
  const homes = new Map<PeerId, Uint8Array>([
    ['a1' as PeerId, alice.id],
    ['a2' as PeerId, alice.id],
    ['b1' as PeerId, bob.id],
  ])
  const work = (requester: string, provider: string, milliCredits: number) => ({
    requester: requester as PeerId,
    provider: provider as PeerId,
    milliCredits,
  })

  it('sum what the devices of two owners did, and nothing between those of one', () => {
    const settled = [
      work('a1', 'b1', 5),
      work('a2', 'b1', 6),
      work('b1', 'a2', 3),
      work('a1', 'a2', 1_000),
      work('stranger', 'a1', 50),
      work('b1', 'stranger', 9),
    ]
    expect(statementRows(alice.id, settled, (peer) => homes.get(peer))).toEqual({
      provided: [{ peer: bob.id, milliCredits: 3 }],
      consumed: [{ peer: bob.id, milliCredits: 11 }],
    })
  })

  it('add up what each device of a domain tells', () => {
    const told = [
      { provided: [{ peer: bob.id, milliCredits: 3 }], consumed: [] },
      {
        provided: [{ peer: bob.id, milliCredits: 4 }],
        consumed: [{ peer: bob.id, milliCredits: 1 }],
      },
    ]
    expect(summedRows(told)).toEqual({
      provided: [{ peer: bob.id, milliCredits: 7 }],
      consumed: [{ peer: bob.id, milliCredits: 1 }],
    })
  })

  it('are the largest, when there are more than a statement holds', () => {
    const settled = Array.from({ length: 200 }, (_, at) => work(`d${at}`, 'a1', at + 1))
    const home = (peer: PeerId): Uint8Array => (peer === 'a1' ? alice.id : namedDomain(peer))
    const { provided } = statementRows(alice.id, settled, home)
    expect(provided.length).toBe(STATEMENT_ROWS_MAX)
    expect(Math.min(...provided.map(({ milliCredits }) => milliCredits))).toBe(73)
  })
})

describe('a proof that a domain forked its statement', () => {
  const one = signStatement(alice.signer, statement())
  const other = signStatement(alice.signer, statement({ provided: [] }))
  const proofOf = (a: typeof one, b: typeof one, owner = alice.signer.peer) =>
    verifyStatementFork(nodeCrypto, encodeStatementFork(owner, a, b))

  it('names who, where and when', () => {
    expect(proofOf(one, other)).toEqual({
      type: 'value',
      value: { owner: alice.signer.peer, network: trustNetwork, domain: alice.id, epoch: 7 },
    })
  })

  it.each<[string, ReturnType<typeof proofOf>, string]>([
    ['one statement twice', proofOf(one, one), 'TRUST_PROOF_INVALID'],
    [
      'statements of two epochs',
      proofOf(one, signStatement(alice.signer, statement({ epoch: 8 }))),
      'TRUST_PROOF_INVALID',
    ],
    ['another owner', proofOf(one, other, bob.signer.peer), 'TRUST_PROOF_INVALID'],
    [
      'a signature of somebody else',
      proofOf(one, signStatement(bob.signer, statement({ provided: [] }))),
      'TRUST_SIGNATURE_INVALID',
    ],
    [
      'too many bytes',
      verifyStatementFork(nodeCrypto, new Uint8Array(STATEMENT_FORK_BYTES_MAX + 1)),
      'TRUST_TOO_LONG',
    ],
  ])('does not hold with %s', (_, result, code) => {
    expect(result).toMatchObject({ type: 'refused', code })
  })
})
