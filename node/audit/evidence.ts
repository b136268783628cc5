/**
 * What an audit is made of, as bytes: evidence of the provider, the task and the claim for an auditor.
 *
 * @module
 */

import { bytesEqual } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  list,
  optional,
  record,
  type Shape,
  type ShapeOf,
  text,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import type { Crypto } from '../../core/crypto.ts'
import { signedRecord } from '../../core/signed-record.ts'
import { TENSOR_RANK_MAX, TENSOR_TYPES, type Tensor, type TensorType } from '../../core/tensor.ts'
import { AUDIT_LIMITS } from '../../protocols/audit/index.ts'
import {
  leafOf,
  type OpenRecord,
  openShape,
  receiptHash,
  receiptMessage,
  rootOf,
  signedReceiptShape,
  TENSORS_MAX,
} from '../../protocols/inference/index.ts'

const { COMPARED_MAX, EVIDENCE_BYTES_MAX, HASH_BYTES, PART_BYTES_MAX, REQUESTS_MAX } = AUDIT_LIMITS

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[]
const TENSOR_NAME_MAX = 512

const tensor: Shape<Tensor> = record({
  name: text(TENSOR_NAME_MAX),
  type: word(...TYPES),
  dims: list(uint(2 ** 32 - 1), TENSOR_RANK_MAX),
  data: bytes(0, EVIDENCE_BYTES_MAX),
})

/** The tensors of one request at one cut, as they travelled. */
const passage = record({ request: uint(REQUESTS_MAX - 1), tensors: list(tensor, TENSORS_MAX) })
const leaf = record({ request: uint(REQUESTS_MAX - 1), leaf: bytes(HASH_BYTES) })

export type Passage = ShapeOf<typeof passage>
export type Leaf = ShapeOf<typeof leaf>

const evidence = record({
  /** Of every request, in order: their roots are those of the receipt. */
  inputLeaves: list(leaf, REQUESTS_MAX),
  outputLeaves: list(leaf, REQUESTS_MAX),
  /** What is needed to run the wanted requests again. */
  inputs: list(passage, REQUESTS_MAX),
  /** Of the wanted requests. */
  outputs: list(passage, COMPARED_MAX),
})

const task = record({
  /** What the provider was asked for. */
  open: openShape,
  receipt: signedReceiptShape,
  epoch: optional(uint()),
  beacon: bytes(HASH_BYTES),
  requests: list(uint(REQUESTS_MAX - 1), COMPARED_MAX),
  inputLeaves: list(leaf, REQUESTS_MAX),
  inputs: list(passage, REQUESTS_MAX),
})

const claim = record({
  outputLeaves: list(leaf, REQUESTS_MAX),
  outputs: list(passage, COMPARED_MAX),
  /** What other auditors found that differs, and fingerprints of their own outputs. */
  before: list(
    record({
      verdict: signedRecord(AUDIT_LIMITS.VERDICT_BYTES_MAX),
      outputs: bytes(0, PART_BYTES_MAX),
    }),
    AUDIT_LIMITS.VERDICTS_MAX,
  ),
})

export type Evidence = ShapeOf<typeof evidence>
export type Task = ShapeOf<typeof task>
export type Claim = ShapeOf<typeof claim>

export const encodeEvidence = (value: Evidence): Uint8Array => encodeShape(evidence, value)
export const encodeTask = (value: Task): Uint8Array => encodeShape(task, value)
export const encodeClaim = (value: Claim): Uint8Array => encodeShape(claim, value)

/** Each of these is undefined for bytes that are none. */
export const decodeEvidence = (encoded: Uint8Array): Evidence | undefined =>
  decoded(evidence, encoded)
export const decodeTask = (encoded: Uint8Array): Task | undefined => decoded(task, encoded)
export const decodeClaim = (encoded: Uint8Array): Claim | undefined => decoded(claim, encoded)

function decoded<T>(shape: Shape<T>, encoded: Uint8Array): T | undefined {
  const result = decodeShape(shape, encoded)
  return result.type === 'value' ? result.value : undefined
}

/** The id of a task: the hash of the stage receipt, which its result in the ledger names. */
export function taskId(
  { sha256 }: Pick<Crypto, 'sha256'>,
  { receipt }: Pick<Task, 'receipt'>,
): Uint8Array {
  return receiptHash(receiptMessage(receipt.receipt), receipt.signature, sha256)
}

/** True when the task is one that its provider signed for, and its inputs are those that it committed to. */
export function isTask(
  crypto: Crypto,
  { open, receipt, requests, inputLeaves, inputs }: Task,
): boolean {
  const { receipt: said, signature } = receipt
  return (
    crypto.verify(said.provider, receiptMessage(said), signature) &&
    isAsked(open, said) &&
    requests.every(
      (request, at) => request > (requests[at - 1] ?? -1) && request < said.requests,
    ) &&
    areThose(crypto, inputs, inputLeaves, { root: said.inputRoot, count: said.requests }) &&
    needed(open, requests).every((request, at) => inputs[at]?.request === request)
  )
}

/** True when the outputs are those that the provider committed to, for just the requests of the task. */
export function isClaimOf(
  crypto: Crypto,
  { receipt, requests }: Task,
  { outputLeaves, outputs }: Claim,
): boolean {
  const { outputRoot, requests: count } = receipt.receipt
  return (
    areThose(crypto, outputs, outputLeaves, { root: outputRoot, count }) &&
    outputs.length === requests.length &&
    requests.every((request, at) => outputs[at]?.request === request)
  )
}

/** Requests whose inputs have to be there to run `requests` again: of a text all before the last one. */
export function needed(
  { text: isText }: OpenRecord,
  requests: readonly number[],
): readonly number[] {
  if (isText === undefined) return requests
  return Array.from({ length: (requests.at(-1) ?? -1) + 1 }, (_, request) => request)
}

function isAsked(open: OpenRecord, said: Task['receipt']['receipt']): boolean {
  return (
    said.session === open.session &&
    said.stage === open.stage &&
    said.model === open.model &&
    said.fromLayer === open.fromLayer &&
    said.toLayer === open.toLayer &&
    open.route[open.stage]?.peer === said.provider
  )
}

function areThose(
  { sha256 }: Crypto,
  passages: readonly Passage[],
  leaves: readonly Leaf[],
  committed: { readonly root: Uint8Array; readonly count: number },
): boolean {
  const known = new Map(leaves.map(({ request, leaf: hash }) => [request, hash]))
  if (leaves.length !== committed.count || known.size !== leaves.length) return false
  if (!bytesEqual(rootOf(known, known, sha256), committed.root)) return false
  return passages.every(({ request, tensors }) => {
    const hash = known.get(request)
    return hash !== undefined && bytesEqual(leafOf(tensors, sha256), hash)
  })
}
