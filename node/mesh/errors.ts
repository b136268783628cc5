/**
 * What an operator may do wrong with a mesh. Why a join fails is in protocols/join/errors.ts.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'
import { MESH_NAME_CHARACTERS_MAX } from '../../protocols/join/index.ts'

export type MeshFailure =
  /** This device is in no mesh. */
  | { readonly code: 'MESH_NOT_JOINED' }
  /** It is in a mesh already: one at a time. */
  | { readonly code: 'MESH_ALREADY_JOINED'; readonly name: string }
  /** Another create, join or leave is going on. */
  | { readonly code: 'MESH_CHANGE_IN_PROGRESS' }
  | { readonly code: 'MESH_NAME_INVALID' }
  /** Its certificate, or the length of its chain, does not let it invite. */
  | { readonly code: 'MESH_INVITE_NOT_ALLOWED' }
  /** It may not grant more than it holds. */
  | { readonly code: 'MESH_ROLE_TOO_WIDE'; readonly asked: string; readonly held: string }
  | {
      readonly code: 'MESH_INVITE_OUT_OF_RANGE'
      readonly what: 'uses' | 'ttlMs'
      readonly value: number
      readonly max: number
    }
  | { readonly code: 'MESH_INVITES_TOO_MANY'; readonly max: number }
  /** What was kept of the membership cannot be read, or belongs to another device. */
  | { readonly code: 'MESH_STATE_CORRUPTED'; readonly reason: string }

/** A request that the mesh refuses. Its `failure` says which rule it breaks. */
export class MeshError extends CodedError<MeshFailure> {
  constructor(failure: MeshFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

function describe(failure: MeshFailure): string {
  switch (failure.code) {
    case 'MESH_NOT_JOINED':
      return 'this device is in no mesh'
    case 'MESH_ALREADY_JOINED':
      return `this device is in the mesh "${failure.name}" already`
    case 'MESH_CHANGE_IN_PROGRESS':
      return 'another change of the membership is in progress'
    case 'MESH_NAME_INVALID':
      return `expected a name of 1 to ${MESH_NAME_CHARACTERS_MAX} printable characters without spaces around it`
    case 'MESH_INVITE_NOT_ALLOWED':
      return 'this device may not invite others'
    case 'MESH_ROLE_TOO_WIDE':
      return `expected a role within ${failure.held}, got ${failure.asked}`
    case 'MESH_INVITE_OUT_OF_RANGE':
      return `expected ${failure.what} from 1 to ${failure.max}, got ${failure.value}`
    case 'MESH_INVITES_TOO_MANY':
      return `expected at most ${failure.max} open invites`
    case 'MESH_STATE_CORRUPTED':
      return `the kept membership cannot be used: ${failure.reason}`
  }
}

/** What the faces say about each code. */
export const MESH_ERRORS: ErrorTable<MeshFailure['code']> = {
  MESH_NOT_JOINED: {
    meaning: 'this device is in no mesh',
    hint: 'create one with `brume mesh create NAME`, or join one with `brume join CODE`',
    retryable: false,
    exit: 7,
    status: 409,
  },
  MESH_ALREADY_JOINED: {
    meaning: 'this device is in a mesh already',
    hint: 'leave it first with `brume leave`',
    retryable: false,
    exit: 7,
    status: 409,
  },
  MESH_CHANGE_IN_PROGRESS: {
    meaning: 'another create, join or leave is going on',
    hint: 'wait for it to end, then try again',
    retryable: true,
    exit: 7,
    status: 409,
  },
  MESH_NAME_INVALID: {
    meaning: 'the name of the mesh is empty, too long, or has characters that cannot be printed',
    hint: 'choose 1 to 64 printable characters',
    retryable: false,
    exit: 2,
    status: 400,
  },
  MESH_INVITE_NOT_ALLOWED: {
    meaning: 'this device may not invite others to its mesh',
    hint: 'invite from the device that created the mesh, or from one that was invited with that right',
    retryable: false,
    exit: 4,
    status: 403,
  },
  MESH_ROLE_TOO_WIDE: {
    meaning: 'the role is wider than the one that this device holds',
    hint: 'invite to the same role or a narrower one',
    retryable: false,
    exit: 4,
    status: 403,
  },
  MESH_INVITE_OUT_OF_RANGE: {
    meaning: 'the uses or the lifetime of the invite are out of range',
    hint: 'see `brume invite --help` for the limits',
    retryable: false,
    exit: 2,
    status: 400,
  },
  MESH_INVITES_TOO_MANY: {
    meaning: 'this device has too many open invites',
    hint: 'wait until some are used or have expired',
    retryable: true,
    exit: 7,
    status: 409,
  },
  MESH_STATE_CORRUPTED: {
    meaning: 'what was kept of the membership cannot be read or belongs to another device',
    hint: 'leave with `brume leave` and join again with a new invite',
    retryable: false,
    exit: 1,
    status: 500,
  },
}
