/**
 * The frames of /brume/join/1: one byte for the kind, then a canonical CBOR record.
 *
 * @module
 */

import { concatBytes } from '../../core/bytes.ts'
import {
  bytes,
  decodeShape,
  encodeShape,
  optional,
  record,
  type Shape,
  type ShapeOf,
  uint,
  word,
} from '../../core/cbor-shape.ts'
import { SIGNATURE_BYTES } from '../../core/crypto.ts'
import { hexId } from '../../core/id-shapes.ts'
import type { MeshId } from '../../core/ids.ts'
import { chainShape } from './certificate.ts'
import type { JoinCode } from './errors.ts'
import { genesisRecord } from './genesis.ts'
import {
  INVITE_ID_BYTES,
  JOIN_FRAME_BYTES_MAX,
  MESH_PREFIX_BYTES,
  NONCE_BYTES,
  RESERVED_BYTES_MAX,
} from './limits.ts'

/** What one side may refuse the other with. */
export const JOIN_REFUSALS = [
  'JOIN_VERSION_UNSUPPORTED',
  'JOIN_INVITE_EXPIRED',
  'JOIN_INVITE_USED',
  'JOIN_INVITE_UNKNOWN',
  'JOIN_MESH_MISMATCH',
  'JOIN_NO_MESH',
  'JOIN_RATE_LIMITED',
  'JOIN_INVITER_NOT_ALLOWED',
  'JOIN_CERTIFICATE_MALFORMED',
  'JOIN_CERTIFICATE_FORGED',
  'JOIN_CERTIFICATE_EXPIRED',
  'JOIN_CERTIFICATE_FOREIGN',
  'JOIN_CHAIN_INVALID',
  'JOIN_PROTOCOL_VIOLATION',
  'JOIN_ISSUE_FAILED',
] as const satisfies readonly JoinCode[]

export type JoinRefusal = (typeof JOIN_REFUSALS)[number]

const reserved = optional(bytes(0, RESERVED_BYTES_MAX))

const helloShape = record({
  version: uint(255),
  mesh: hexId<MeshId>(32),
  chain: chainShape,
  reserved,
})
const askShape = record({
  version: uint(255),
  meshPrefix: hexId<string>(MESH_PREFIX_BYTES),
  nonce: bytes(NONCE_BYTES),
  reserved,
})
const proofShape = record({
  nonce: bytes(NONCE_BYTES),
  genesis: genesisRecord,
  chain: chainShape,
  signature: bytes(SIGNATURE_BYTES),
  reserved,
})
const claimShape = record({ invite: bytes(INVITE_ID_BYTES), proof: bytes(32), reserved })
const grantShape = record({ chain: chainShape, reserved })
const doneShape = record({ reserved })
const refuseShape = record({ code: word(...JOIN_REFUSALS) })

export type JoinMessage =
  /** A member shows its certificate; first frame of a handshake, and its answer. */
  | ({ readonly type: 'hello' } & ShapeOf<typeof helloShape>)
  /** A joiner asks for the mesh of its code; first frame of a join. */
  | ({ readonly type: 'ask' } & ShapeOf<typeof askShape>)
  /** The inviter proves that it is in that mesh and may invite. */
  | ({ readonly type: 'proof' } & ShapeOf<typeof proofShape>)
  /** The joiner proves that it knows the secret. */
  | ({ readonly type: 'claim' } & ShapeOf<typeof claimShape>)
  /** The inviter hands over the joiner's chain. */
  | ({ readonly type: 'grant' } & ShapeOf<typeof grantShape>)
  /** The joiner has written its chain down: the place is taken. */
  | ({ readonly type: 'done' } & ShapeOf<typeof doneShape>)
  | ({ readonly type: 'refuse' } & ShapeOf<typeof refuseShape>)

export type JoinDecoded =
  | { readonly type: 'message'; readonly message: JoinMessage }
  | { readonly type: 'refused'; readonly reason: string }

type Kind = JoinMessage['type']

/** In the order of their numbers on the wire, from 1. */
const KINDS: readonly Kind[] = ['hello', 'ask', 'proof', 'claim', 'grant', 'done', 'refuse']

const SHAPES: Readonly<Record<Kind, Shape<object>>> = {
  hello: helloShape,
  ask: askShape,
  proof: proofShape,
  claim: claimShape,
  grant: grantShape,
  done: doneShape,
  refuse: refuseShape,
}

/** The frame of a message. */
export function encodeJoin(message: JoinMessage): Uint8Array {
  const kind = Uint8Array.of(KINDS.indexOf(message.type) + 1)
  return concatBytes([kind, encodeShape(SHAPES[message.type], message)])
}

/** The message in a frame, or why there is none. */
export function decodeJoin(frame: Uint8Array): JoinDecoded {
  if (frame.length > JOIN_FRAME_BYTES_MAX) return { type: 'refused', reason: 'frame too long' }
  const kind = KINDS[(frame[0] ?? 0) - 1]
  if (kind === undefined) return { type: 'refused', reason: 'unknown kind of message' }
  const decoded = decodeShape(SHAPES[kind], frame.subarray(1))
  if (decoded.type === 'refused') return decoded
  return { type: 'message', message: { type: kind, ...decoded.value } as JoinMessage }
}

/** The code that a refusal carries, when it is one of those that may travel. */
export function asRefusal(code: JoinCode): JoinRefusal {
  return JOIN_REFUSALS.find((refusal) => refusal === code) ?? 'JOIN_PROTOCOL_VIOLATION'
}
