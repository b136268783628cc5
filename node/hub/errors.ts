/**
 * What can go wrong when a model is fetched from a hub.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type HubFailure =
  /** The reference is not of the form hf:OWNER/NAME[/FILE][@REVISION]. */
  | { readonly code: 'HUB_REF_INVALID' }
  /** No connection, or none that lasts. */
  | { readonly code: 'HUB_UNREACHABLE'; readonly endpoint: string }
  /** No such repository, revision or file there. */
  | { readonly code: 'HUB_NOT_FOUND'; readonly what: string }
  /** Its owner lets only some in. */
  | { readonly code: 'HUB_DENIED'; readonly status: number }
  /** The hub wants fewer requests. */
  | { readonly code: 'HUB_BUSY'; readonly status: number }
  /** The hub answers with something else than it should. */
  | { readonly code: 'HUB_FAULTY'; readonly expected: string }
  /** What came is not what was announced. */
  | { readonly code: 'HUB_HASH_MISMATCH'; readonly file: string }
  /** The repository has several models. */
  | {
      readonly code: 'HUB_CHOICE_NEEDED'
      readonly count: number
      /** The first of them. */
      readonly files: readonly string[]
    }
  /** It has none that can be imported. */
  | { readonly code: 'HUB_NO_MODEL' }
  /** The file with the token cannot be read. */
  | { readonly code: 'HUB_TOKEN_UNREADABLE'; readonly file: string }

/** A model that could not be fetched from a hub. */
export class HubError extends CodedError<HubFailure> {
  constructor(failure: HubFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

function describe(failure: HubFailure): string {
  switch (failure.code) {
    case 'HUB_REF_INVALID':
      return 'expected hf:OWNER/NAME, perhaps with /FILE and @REVISION'
    case 'HUB_UNREACHABLE':
      return `expected an answer from ${failure.endpoint}, got none`
    case 'HUB_NOT_FOUND':
      return `expected ${failure.what} on the hub, got no such thing`
    case 'HUB_DENIED':
      return `expected leave to fetch the repository, got status ${failure.status}`
    case 'HUB_BUSY':
      return `expected the hub to answer, got status ${failure.status} again and again`
    case 'HUB_FAULTY':
      return `expected ${failure.expected} from the hub`
    case 'HUB_HASH_MISMATCH':
      return `expected ${failure.file} with the hash that the hub states, got other bytes`
    case 'HUB_CHOICE_NEEDED':
      return `expected one model, got ${failure.count}: ${failure.files.join(', ')}`
    case 'HUB_NO_MODEL':
      return 'expected a GGUF, safetensors or ONNX model in the repository, got none'
    case 'HUB_TOKEN_UNREADABLE':
      return `expected a token in ${failure.file}`
  }
}

export const HUB_ERRORS: ErrorTable<HubFailure['code']> = {
  HUB_REF_INVALID: {
    meaning: 'the name of the model on the hub is not in the right form',
    hint: 'write it as hf:OWNER/NAME, hf:OWNER/NAME/FILE or hf:OWNER/NAME@REVISION',
    retryable: false,
    exit: 2,
    status: 400,
  },
  HUB_UNREACHABLE: {
    meaning: 'the hub cannot be reached, or the connection breaks again and again',
    hint: 'check the network, or name a mirror with `--endpoint`; offline, import files with `brume model import`; what came is kept for the next try',
    retryable: true,
    exit: 6,
    status: 502,
  },
  HUB_NOT_FOUND: {
    meaning: 'the hub has no such repository, revision or file',
    hint: 'check the spelling; private repositories need a token (models.hubTokenFile or HF_TOKEN of the daemon)',
    retryable: false,
    exit: 5,
    status: 404,
  },
  HUB_DENIED: {
    meaning: 'the hub does not let this device fetch the repository',
    hint: 'accept the licence of the model on its page, and give the daemon a token (models.hubTokenFile or HF_TOKEN)',
    retryable: false,
    exit: 4,
    status: 403,
  },
  HUB_BUSY: {
    meaning: 'the hub refuses requests for now',
    hint: 'try again later: what came is kept; with a token the hub allows more',
    retryable: true,
    exit: 6,
    status: 503,
  },
  HUB_FAULTY: {
    meaning: 'the hub answers with something else than it should',
    hint: 'check the address of the endpoint: it must be a hub or a mirror of one',
    retryable: true,
    exit: 1,
    status: 502,
  },
  HUB_HASH_MISMATCH: {
    meaning: 'the file that came does not have the hash that the hub states',
    hint: 'try again; if it happens again, do not trust this mirror',
    retryable: true,
    exit: 1,
    status: 502,
  },
  HUB_CHOICE_NEEDED: {
    meaning: 'the repository holds several models',
    hint: 'name one of the files that the message lists: hf:OWNER/NAME/FILE',
    retryable: false,
    exit: 2,
    status: 409,
  },
  HUB_NO_MODEL: {
    meaning: 'the repository holds no model that can be imported',
    hint: 'look for one in GGUF, safetensors with config.json, or ONNX',
    retryable: false,
    exit: 7,
    status: 422,
  },
  HUB_TOKEN_UNREADABLE: {
    meaning: 'the file with the token for the hub is missing, empty or not readable by the daemon',
    hint: 'check models.hubTokenFile and the permissions of that file',
    retryable: false,
    exit: 78,
    status: 500,
  },
}
