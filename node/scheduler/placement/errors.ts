/**
 * Why no plan can be made.
 *
 * @module
 */

import type { Tier } from '../../../attestation/index.ts'
import { CodedError, type ErrorTable } from '../../../core/errors.ts'
import type { NotChosen } from './plan.ts'

export type PlacementFailure =
  /** No device may be chosen at all. */
  | { readonly code: 'PLACEMENT_NO_PEER'; readonly notChosen: readonly NotChosen[] }
  /** Devices there are, but none that is taken for what the job requires. */
  | {
      readonly code: 'PLACEMENT_TIER'
      readonly tierMin: Tier
      readonly notChosen: readonly NotChosen[]
    }
  /** Devices there are, but none that is trusted as much as the job requires. */
  | {
      readonly code: 'PLACEMENT_SCORE'
      readonly scoreMin: number
      readonly notChosen: readonly NotChosen[]
    }
  /** The devices that may be chosen cannot hold the model together. */
  | {
      readonly code: 'PLACEMENT_MEMORY'
      readonly neededBytes: number
      readonly availableBytes: number
      readonly notChosen: readonly NotChosen[]
    }
  /** The number of stages asked for cannot be had. */
  | { readonly code: 'PLACEMENT_STAGES'; readonly stages: number; readonly stagesMax: number }

/** A model that finds no place in the mesh. */
export class PlacementError extends CodedError<PlacementFailure> {
  constructor(failure: PlacementFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

/** Rows of docs/errors.md. */
export const PLACEMENT_ERRORS: ErrorTable<PlacementFailure['code']> = {
  PLACEMENT_NO_PEER: {
    meaning: 'no device may take a stage of this model now',
    hint: 'mend what keeps the devices away, or start more daemons in the mesh',
    retryable: true,
    exit: 7,
    status: 503,
  },
  PLACEMENT_TIER: {
    meaning: 'no device that could take a stage reaches the attestation tier that is required',
    hint: 'see with `brume attest request PEER` what a device lacks, or require less',
    retryable: true,
    exit: 7,
    status: 503,
  },
  PLACEMENT_SCORE: {
    meaning: 'no device that could take a stage has the certified score that is required',
    hint: 'see with `brume trust show` what devices have, or require less',
    retryable: true,
    exit: 7,
    status: 503,
  },
  PLACEMENT_MEMORY: {
    meaning: 'the devices that may be chosen have not enough memory for the model together',
    hint: 'add devices, raise the memory that they grant, or use a smaller model',
    retryable: true,
    exit: 7,
    status: 507,
  },
  PLACEMENT_STAGES: {
    meaning: 'the number of stages asked for cannot be had',
    hint: 'ask for `--stages auto`, or for no more stages than there are devices and cuts',
    retryable: false,
    exit: 7,
    status: 422,
  },
}

function describe(failure: PlacementFailure): string {
  switch (failure.code) {
    case 'PLACEMENT_NO_PEER':
      return `expected a device that may take it, got none of ${failure.notChosen.length}${reasonsText(failure.notChosen)}`
    case 'PLACEMENT_TIER':
      return `expected a device of tier ${failure.tierMin} by its evidence, got none of ${failure.notChosen.length}${reasonsText(failure.notChosen)}`
    case 'PLACEMENT_SCORE':
      return `expected a device with a score of ${failure.scoreMin}, got none of ${failure.notChosen.length}${reasonsText(failure.notChosen)}`
    case 'PLACEMENT_MEMORY':
      return `expected ${mebibytes(failure.neededBytes)} MiB of memory, got ${mebibytes(failure.availableBytes)} MiB`
    case 'PLACEMENT_STAGES':
      return `expected at most ${failure.stagesMax} stages, got ${failure.stages}`
  }
}

function mebibytes(bytes: number): number {
  return Math.ceil(bytes / 1_048_576)
}

/** Equal reasons of several devices are told once, with their number. */
function reasonsText(notChosen: readonly NotChosen[]): string {
  const counts = new Map<string, number>()
  for (const { reason } of notChosen) counts.set(reason, (counts.get(reason) ?? 0) + 1)
  const texts = [...counts].map(([reason, count]) =>
    count === 1 ? reason : `${count} × ${reason}`,
  )
  return texts.length === 0 ? '' : ` (${texts.join('; ')})`
}
