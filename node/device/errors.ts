/**
 * What can go wrong when a device is measured.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

/** The benchmark process failed, or ran for too long. */
export interface DeviceFailure {
  readonly code: 'DEVICE_BENCHMARK_FAILED'
  readonly reason: string
}

/** A measurement that did not come about. */
export class DeviceError extends CodedError<DeviceFailure> {
  constructor(failure: DeviceFailure, options?: ErrorOptions) {
    super(failure, `the benchmark gave no result: ${failure.reason}`, options)
  }
}

/** What the faces say about each code. */
export const DEVICE_ERRORS: ErrorTable<DeviceFailure['code']> = {
  DEVICE_BENCHMARK_FAILED: {
    meaning: 'the speed of this device could not be measured',
    hint: 'check that the state directory has 64 MB of free space, then run `brume device --refresh`',
    retryable: true,
    exit: 1,
    status: 500,
  },
}
