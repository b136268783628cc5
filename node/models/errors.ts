/**
 * What can go wrong with the models that this device keeps.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type CatalogueFailure =
  /** No model has this name or id. */
  | { readonly code: 'MODELS_NOT_FOUND'; readonly ref: string }
  /** Several models have this name, or ids that begin so. */
  | { readonly code: 'MODELS_AMBIGUOUS'; readonly ref: string; readonly ids: readonly string[] }
  /** The file to import cannot be read. */
  | { readonly code: 'MODELS_FILE_UNREADABLE'; readonly file: string; readonly reason: string }
  /** A size was given for a dimension that the model does not have. */
  | {
      readonly code: 'MODELS_DIM_UNKNOWN'
      readonly dim: string
      readonly known: readonly string[]
    }
  /** Blobs that the model needs are not in the store. */
  | { readonly code: 'MODELS_INCOMPLETE'; readonly id: string; readonly missing: number }
  /** The model cut into stages gave other bytes than the whole one. */
  | { readonly code: 'MODELS_NOT_EXACT'; readonly id: string; readonly stages: number }

/** A model that is not there, or not usable. */
export class CatalogueError extends CodedError<CatalogueFailure> {
  constructor(failure: CatalogueFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

function describe(failure: CatalogueFailure): string {
  switch (failure.code) {
    case 'MODELS_NOT_FOUND':
      return `no model ${failure.ref}, here or on a device that can be reached`
    case 'MODELS_AMBIGUOUS':
      return `expected one model, got ${failure.ids.length} that ${failure.ref} may mean`
    case 'MODELS_FILE_UNREADABLE':
      return `expected a readable file at ${failure.file}: ${failure.reason}`
    case 'MODELS_DIM_UNKNOWN': {
      const known = failure.known.length === 0 ? 'none' : failure.known.join(', ')
      return `expected an open dimension of the model (${known}), got ${failure.dim}`
    }
    case 'MODELS_INCOMPLETE':
      return `expected all blobs of model ${failure.id}, got ${failure.missing} too few`
    case 'MODELS_NOT_EXACT':
      return `expected the same bytes from ${failure.stages} stages as from the whole model ${failure.id}`
  }
}

export const CATALOGUE_ERRORS: ErrorTable<CatalogueFailure['code']> = {
  MODELS_NOT_FOUND: {
    meaning: 'no model with this name or id is on this device, nor on one that it can ask',
    hint: '`brume model list` shows the models of this device, `brume model import FILE` adds one',
    retryable: false,
    exit: 5,
    status: 404,
  },
  MODELS_AMBIGUOUS: {
    meaning: 'more than one model has this name, or an id that begins so',
    hint: 'use the whole id as `brume model list` shows it',
    retryable: false,
    exit: 2,
    status: 409,
  },
  MODELS_FILE_UNREADABLE: {
    meaning: 'the file to import is missing or not readable by the daemon',
    hint: 'check the path and its permissions on the machine of the daemon',
    retryable: false,
    exit: 5,
    status: 422,
  },
  MODELS_DIM_UNKNOWN: {
    meaning: 'a size was given for a dimension that the model leaves no choice for',
    hint: 'use one of the names that the message lists',
    retryable: false,
    exit: 2,
    status: 400,
  },
  MODELS_INCOMPLETE: {
    meaning: 'parts of the model are not on this device',
    hint: 'fetch the rest with `brume model pull`',
    retryable: true,
    exit: 7,
    status: 409,
  },
  MODELS_NOT_EXACT: {
    meaning: 'the model gives other bytes when it is cut into stages',
    hint: 'run it in one stage, and report the model: this should not happen',
    retryable: false,
    exit: 1,
    status: 500,
  },
}
