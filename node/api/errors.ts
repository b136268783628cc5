/**
 * What can be wrong with a request, and with reaching the API at all.
 *
 * @module
 */

import { CodedError, type ErrorTable } from '../../core/errors.ts'

export type ApiFailure =
  /** No daemon answers for this state folder. */
  | { readonly code: 'API_DAEMON_NOT_RUNNING'; readonly stateDir: string }
  /** The address is in use. */
  | { readonly code: 'API_PORT_TAKEN'; readonly host: string; readonly port: number }
  /** The request has no valid key. */
  | { readonly code: 'API_UNAUTHORISED' }
  /** The Host header names another machine: a web page may be behind the request. */
  | { readonly code: 'API_HOST_REFUSED' }
  /** The request does not have the form that the route takes. */
  | { readonly code: 'API_REQUEST_INVALID'; readonly at: string; readonly problem: string }
  /** The body is larger than the route takes. */
  | { readonly code: 'API_BODY_TOO_LARGE'; readonly bytesMax: number }
  /** The body is of a type that the route does not take. */
  | { readonly code: 'API_MEDIA_TYPE_UNSUPPORTED' }
  | { readonly code: 'API_ROUTE_UNKNOWN' }
  | { readonly code: 'API_MODEL_UNKNOWN'; readonly model: string }
  | { readonly code: 'API_JOB_UNKNOWN'; readonly job: string }
  | { readonly code: 'API_OPERATION_UNKNOWN'; readonly operation: string }
  | { readonly code: 'API_TEXT_UNKNOWN'; readonly text: string }
  /** The ledger of this device has no receipt of the task. */
  | { readonly code: 'API_RECEIPT_UNKNOWN' }
  /** Another request stopped the text. */
  | { readonly code: 'API_TEXT_CANCELLED'; readonly text: string }
  /** A parameter of OpenAI's API asks for what is not there. */
  | {
      readonly code: 'API_PARAMETER_UNSUPPORTED'
      readonly parameter: string
      readonly expected: string
    }
  /** The daemon failed in a way that has no code of its own. */
  | { readonly code: 'API_INTERNAL' }
  /** The daemon takes no new work because it stops. */
  | { readonly code: 'API_STOPPING' }

/** A request that the API refuses, or an API that cannot be reached. */
export class ApiError extends CodedError<ApiFailure> {
  constructor(failure: ApiFailure, options?: ErrorOptions) {
    super(failure, describe(failure), options)
  }
}

export const API_ERRORS: ErrorTable<ApiFailure['code']> = {
  API_DAEMON_NOT_RUNNING: {
    meaning: 'no daemon is running for this state folder',
    hint: 'start one with `brume up`',
    retryable: true,
    exit: 3,
    status: 503,
  },
  API_PORT_TAKEN: {
    meaning: 'another program listens on the port of the API',
    hint: 'stop it, or choose another port with --set api.port=0 (any free one)',
    retryable: true,
    exit: 1,
    status: 500,
  },
  API_UNAUTHORISED: {
    meaning: 'the request carries no valid key',
    hint: 'send the content of the api.key file of the state folder as a bearer token',
    retryable: false,
    exit: 4,
    status: 401,
  },
  API_HOST_REFUSED: {
    meaning: 'the request was addressed to a host name that is not this daemon',
    hint: 'use the address that the daemon printed, such as http://127.0.0.1:7433',
    retryable: false,
    exit: 4,
    status: 421,
  },
  API_REQUEST_INVALID: {
    meaning: 'the request does not have the form that the route takes',
    hint: '`brume COMMAND --help` says what a command takes, /v1/openapi.json what a route takes',
    retryable: false,
    exit: 2,
    status: 400,
  },
  API_BODY_TOO_LARGE: {
    meaning: 'the body of the request is larger than the route takes',
    hint: 'send fewer inputs in one job, or raise api.jobBodyBytesMax',
    retryable: false,
    exit: 7,
    status: 413,
  },
  API_MEDIA_TYPE_UNSUPPORTED: {
    meaning: 'the body of the request is not JSON',
    hint: 'send JSON with content-type: application/json',
    retryable: false,
    exit: 2,
    status: 415,
  },
  API_ROUTE_UNKNOWN: {
    meaning: 'the API has no such route',
    hint: 'see /v1/openapi.json for all routes',
    retryable: false,
    exit: 5,
    status: 404,
  },
  API_MODEL_UNKNOWN: {
    meaning: 'no model has this id or name',
    hint: '`brume model list` shows the models of this device, `brume model import FILE` adds one',
    retryable: false,
    exit: 5,
    status: 404,
  },
  API_JOB_UNKNOWN: {
    meaning: 'no job has this id',
    hint: '`brume job list` shows the jobs that the daemon still knows',
    retryable: false,
    exit: 5,
    status: 404,
  },
  API_TEXT_UNKNOWN: {
    meaning: 'no text has this id',
    hint: 'texts are forgotten some time after their end: ask again',
    retryable: false,
    exit: 5,
    status: 404,
  },
  API_TEXT_CANCELLED: {
    meaning: 'the text was cancelled by another request',
    hint: 'ask again if that was not meant',
    retryable: false,
    exit: 1,
    status: 409,
  },
  API_PARAMETER_UNSUPPORTED: {
    meaning:
      'the request has a parameter that would change the answer, and that Brume does not know',
    hint: 'leave it out: /v1/openapi.json says what the route takes',
    retryable: false,
    exit: 2,
    status: 400,
  },
  API_RECEIPT_UNKNOWN: {
    meaning: 'the ledger of this device has no receipt of this task',
    hint: 'what a job or a text prints names its receipts',
    retryable: false,
    exit: 5,
    status: 404,
  },
  API_OPERATION_UNKNOWN: {
    meaning: 'no operation has this id',
    hint: 'operations are forgotten when the daemon stops: start it again',
    retryable: false,
    exit: 5,
    status: 404,
  },
  API_INTERNAL: {
    meaning: 'the daemon failed in an unexpected way',
    hint: 'its log says more; please report it',
    retryable: false,
    exit: 1,
    status: 500,
  },
  API_STOPPING: {
    meaning: 'the daemon is stopping',
    hint: 'start it again with `brume up`',
    retryable: true,
    exit: 3,
    status: 503,
  },
}

function describe(failure: ApiFailure): string {
  switch (failure.code) {
    case 'API_DAEMON_NOT_RUNNING':
      return `no daemon answers for ${failure.stateDir}`
    case 'API_PORT_TAKEN':
      return `cannot listen on ${failure.host}:${failure.port}: it is taken`
    case 'API_REQUEST_INVALID':
      return invalidText(failure.at, failure.problem)
    case 'API_BODY_TOO_LARGE':
      return `expected a body of at most ${failure.bytesMax} bytes, got a larger one`
    case 'API_MODEL_UNKNOWN':
      return `no model ${failure.model}`
    case 'API_JOB_UNKNOWN':
      return `no job ${failure.job}`
    case 'API_TEXT_UNKNOWN':
      return `no text ${failure.text}`
    case 'API_TEXT_CANCELLED':
      return `text ${failure.text} was cancelled by another request`
    case 'API_PARAMETER_UNSUPPORTED':
      return `${failure.parameter}: expected ${failure.expected}`
    case 'API_OPERATION_UNKNOWN':
      return `no operation ${failure.operation}`
    default:
      return API_ERRORS[failure.code].meaning
  }
}

/** People know the name of a value, and not in which part of a request it travels. */
function invalidText(at: string, problem: string): string {
  const name = at.replace(/^(body|query|querystring|params)\./, '')
  return name === '' ? problem : `${name}: ${problem}`
}
