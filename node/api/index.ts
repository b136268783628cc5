/**
 * The door of the API.
 *
 * @module
 */

export type { ApiComponents } from './app.ts'
export type { Backend, JobBackend, MeshBackend, ModelBackend } from './backend.ts'
export { API_ERRORS, ApiError, type ApiFailure } from './errors.ts'
export { type EventFeed, EventLog, type LoggedEvent } from './event-log.ts'
export { type ErrorLookup, problemOf } from './problem.ts'
export { ApiServer, type ApiServerInit } from './server.ts'
