/**
 * The door of the ledger: what a device writes, and what anybody needs to check it.
 *
 * @module
 */

export {
  edgeItem,
  endItem,
  entryItem,
  evidenceItem,
  halfItem,
  headItem,
  OTHER_HALF,
  preambleItem,
} from './bundle-items.ts'
export { BundleReader } from './bundle-reader.ts'
export {
  type BundleProblem,
  type BundleReport,
  BundleVerifier,
  type BundleVerifierInit,
  type LogFindings,
} from './bundle-verifier.ts'
export { Chain, type ChainedEntry, type ChainStart, type NewEntry } from './chain.ts'
export {
  type Cosignature,
  isCosignatureOf,
  openCosignature,
  SIGNED_COSIGNATURE,
  signCosignature,
} from './cosignature.ts'
export { decodeEntry, encodeEntry, type Entry, ENTRY_KINDS, entryId, NO_ENTRY } from './entry.ts'
export {
  contradictionOf,
  encodeEquivocation,
  type Equivocation,
  type HeadFork,
  headForkOf,
  type ReceiptContradiction,
  verifyEquivocation,
} from './equivocation.ts'
export { LedgerError, type LedgerErrorCode, type Refused, type Result } from './errors.ts'
export {
  decodeRollover,
  genesisBody,
  logIdOf,
  nextIncarnation,
  type Rollover,
  ROLLOVER_REASONS,
  rolloverBody,
} from './genesis.ts'
export {
  authorOf,
  type Half,
  type HalfBody,
  type HalfKind,
  halfKindOf,
  type HalfOf,
  openHalf,
  precedingId,
  type ReceiptMode,
  type SettleVerdict,
  SIGNED_HALF,
  type SignedHalf,
  signHalf,
  TASK_ID_BYTES,
} from './halves.ts'
export { decodeHead, type Head, openHead, SIGNED_HEAD, signHead } from './head.ts'
export * as LIMITS from './limits.ts'
export {
  consistencyProof,
  type Growth,
  type GrowthRoots,
  inclusionProof,
  isConsistent,
  type LeafPlace,
  type NodeSource,
  rangeRoot,
  rootOfInclusion,
  rootsOfConsistency,
} from '../core/merkle-proof.ts'
export { edgeLength, leafHash, MerkleTree, nodeHash, type NodeSink } from '../core/merkle-tree.ts'
export {
  edgeNodes,
  type NodePlace,
  planPruning,
  type PruningFacts,
  type PruningPlan,
  TILE_LEAVES,
} from './pruning.ts'
export { decideRecall, type RecallDecision, type RecalledHead, type RecallFacts } from './recall.ts'
export {
  beginReceipt,
  continueReceipt,
  foldReceipt,
  isEnded,
  type Receipt,
  type ReceiptStage,
  sideOf,
} from './receipt.ts'
export {
  encodeReceiptProof,
  type ProofHalf,
  type ProvenReceipt,
  verifyReceiptProof,
} from './receipt-proof.ts'
export { type PeerTally, ReceiptBook, type ReceiptCounts } from './receipt-book.ts'
export { HASH_BYTES, isSigned, type LedgerContext, signedId, signingPreimage } from './signing.ts'
export {
  type HeldHeads,
  judgeHead,
  type ShownGrowth,
  type ShownHead,
  type WitnessVerdict,
} from './witnessing.ts'
export { addWork, milliCreditsOf, NO_WORK, type Work } from './work.ts'
