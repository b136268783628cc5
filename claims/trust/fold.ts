/**
 * What an epoch costs a device of a large mesh: every statement read and verified, all of them folded,
 * the walk, and the root over all scores.
 *
 * @module
 */

import { spread } from '../../benchmarks/benchmark.ts'
import { compareBytes, toHex } from '../../core/bytes.ts'
import type { Signer } from '../../core/crypto.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { createSigner, SEED_BYTES } from '../../node/crypto/signer.ts'
import { trustNetwork } from '../../test/fixtures/trust-mesh.ts'
import {
  domainIdOf,
  openStatement,
  signStatement,
  type Statement,
  type StatementRow,
  TrustState,
} from '../../trust/index.ts'
import type { Claim } from '../claim.ts'

const DOMAINS = 10_000
/** On each side of a statement. */
const COUNTERPARTIES = 20
const SEEDS = 16
const ROUNDS = 3
const GOAL_MS = 1_500

interface Member {
  readonly id: Uint8Array
  readonly signer: Signer
}

export const claim: Claim = {
  sentence: 'A device computes the scores of ten thousand domains from their statements by itself.',
  goal: `${DOMAINS} domains of ${2 * COUNTERPARTIES} rows in ≤ ${GOAL_MS / 1_000} s on one core`,
  run: async ({ say, signal }) => {
    const members = Array.from({ length: DOMAINS }, (_, at) => member(at))
    const statements = members.map((_, at) => statementOf(members, at))
    const bytes = statements.reduce((sum, { body }) => sum + body.length + 64, 0)
    say(`${DOMAINS} statements of ${Math.round(bytes / DOMAINS)} bytes, signed`)
    const owners = new Map(members.map(({ id, signer }) => [toHex(id), signer.peer]))
    const roots = new Set<string>()
    const parts: (readonly [open: number, fold: number, scores: number])[] = []
    for (let round = 0; round < ROUNDS && !signal.aborted; round++) {
      const { ms, root } = epochOf(members, statements, (id) => owners.get(toHex(id)))
      parts.push(ms)
      roots.add(root)
      say(
        `read and verified in ${ms[0]} ms, folded in ${ms[1]} ms, walked and scored in ${ms[2]} ms`,
      )
    }
    const p50 = spread(parts.map((ms) => ms[0] + ms[1] + ms[2])).p50
    return {
      met: p50 <= GOAL_MS && roots.size === 1,
      figure: `${(p50 / 1_000).toFixed(2)} s, ${(bytes / 1e6).toFixed(1)} MB in, one root in ${ROUNDS} rounds`,
      facts: { parts, bytes },
    }
  },
}

function member(at: number): Member {
  const seed = new Uint8Array(SEED_BYTES)
  new DataView(seed.buffer).setUint32(0, at + 1)
  const signer = createSigner(seed)
  return {
    id: domainIdOf(nodeCrypto.sha256, { network: trustNetwork, owner: signer.peer }),
    signer,
  }
}

/** Each works for the twenty after him, by steps that grow. */
function statementOf(members: readonly Member[], at: number): SignedRecord {
  const { id, signer } = members[at] as Member
  const rows = (direction: number): readonly StatementRow[] =>
    Array.from({ length: COUNTERPARTIES }, (_, step) => {
      const other = (at + direction * (1 + step * step * 13) + DOMAINS * 10) % DOMAINS
      const milliCredits = 1_000 + ((direction > 0 ? other : at) % 977)
      return { peer: (members[other] as Member).id, milliCredits }
    }).toSorted((a, b) => compareBytes(a.peer, b.peer))
  const heads = [{ device: signer.peer, size: 1_000 + at, root: id }]
  return signStatement(signer, {
    network: trustNetwork,
    epoch: 1,
    domain: id,
    heads,
    provided: rows(1),
    consumed: rows(-1),
    onion: id,
  })
}

function epochOf(
  members: readonly Member[],
  signed: readonly SignedRecord[],
  ownerOf: (id: Uint8Array) => Signer['peer'] | undefined,
): { readonly ms: readonly [number, number, number]; readonly root: string } {
  const context = { verify: nodeCrypto.verify, network: trustNetwork, ownerOf }
  const startMs = performance.now()
  const statements: Statement[] = []
  for (const record of signed) {
    const opened = openStatement(context, record)
    if (opened.type === 'refused') throw new Error(`${opened.code}: ${opened.reason}`)
    statements.push(opened.value)
  }
  const openedMs = performance.now()
  const seeds = members.slice(0, SEEDS).map(({ id }) => id)
  const state = new TrustState(nodeCrypto.sha256, seeds)
  const uncounted = state.fold({ epoch: 1, statements, verdicts: [], faults: [] })
  if (uncounted.length > 0) throw new Error(`${uncounted.length} statements did not count`)
  const foldedMs = performance.now()
  const scores = state.scores(
    members.map(({ id, signer }) => ({ device: signer.peer, domain: id, floorMicros: 700_000 })),
  )
  const endMs = performance.now()
  const ms = [openedMs - startMs, foldedMs - openedMs, endMs - foldedMs].map(Math.round)
  return { ms: ms as [number, number, number], root: scores.root.join() }
}
