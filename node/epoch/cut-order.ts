/**
 * The one order of what is in a cut, and the roots over it.
 *
 * @module
 */

import { compareBytes } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import { leafHash, MerkleTree } from '../../core/merkle-tree.ts'
import type { CutBody } from '../../protocols/epoch/index.ts'
import { decodeStatement, type Statement } from '../../trust/index.ts'

/** The statements, proofs and audits of a cut in the order that their roots are over. */
export function inOrder(cut: CutBody): CutBody {
  const keyed = cut.statements.map((stated) => {
    const { domain, epoch } = statementIn(stated.signed.body)
    return { stated, domain, epoch }
  })
  return {
    statements: keyed
      .toSorted((a, b) => compareBytes(a.domain, b.domain) || a.epoch - b.epoch)
      .map(({ stated }) => stated),
    floors: cut.floors.toSorted((a, b) => (a.device < b.device ? -1 : 1)),
    evidence: cut.evidence.toSorted((a, b) => a.kind - b.kind || compareBytes(a.proof, b.proof)),
    audits: cut.audits.toSorted(compareBytes),
    restart: cut.restart,
    change: cut.change,
  }
}

/** The statement in a body that was checked. */
export function statementIn(body: Uint8Array): Statement {
  const decoded = decodeStatement(body)
  invariant(decoded.type === 'value', 'what is folded was checked')
  return decoded.value
}

/** RFC 9162 root over ids in their order. */
export function rootOver({ sha256 }: Crypto, ids: readonly Uint8Array[]): Uint8Array {
  const tree = new MerkleTree(sha256)
  for (const id of ids) tree.append(leafHash(sha256, id))
  return tree.root()
}
