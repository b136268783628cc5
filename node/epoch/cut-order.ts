/**
 * The one order of what is in a cut, and the roots over it.
 *
 * @module
 */

import { compareBytes } from '../../core/bytes.ts'
import type { Crypto } from '../../core/crypto.ts'
import { invariant } from '../../core/invariant.ts'
import { leafHash, MerkleTree } from '../../core/merkle-tree.ts'
import { type CutBody, encodeFloors } from '../../protocols/epoch/index.ts'
import { decodeStatement, type Statement } from '../../trust/index.ts'

/** The statements, proofs, audits and words of a cut in the order that their roots are over. */
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
    owners: cut.owners.toSorted(compareBytes),
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

/** The roots over what is in a cut, in its order: over its statements, and over all else, what was seen of hardware last. */
export function rootsOf(
  crypto: Crypto,
  { statements, floors, evidence, audits, owners, restart, change }: CutBody,
): { readonly statementRoot: Uint8Array; readonly evidenceRoot: Uint8Array } {
  const { sha256 } = crypto
  const words = [restart, change].filter((item) => item !== undefined)
  // Scores follow from floors, but not who made the hardware: without it, one header could hold two cuts.
  const seen = floors.length === 0 ? [] : [encodeFloors(floors)]
  const rest = [...evidence.map(({ proof }) => proof), ...audits, ...owners, ...words, ...seen]
  return {
    statementRoot: rootOver(
      crypto,
      statements.map(({ signed }) => sha256(signed.body)),
    ),
    evidenceRoot: rootOver(
      crypto,
      rest.map((item) => sha256(item)),
    ),
  }
}

/** RFC 9162 root over ids in their order. */
function rootOver({ sha256 }: Crypto, ids: readonly Uint8Array[]): Uint8Array {
  const tree = new MerkleTree(sha256)
  for (const id of ids) tree.append(leafHash(sha256, id))
  return tree.root()
}
