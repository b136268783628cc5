/**
 * The door of the API.
 *
 * @module
 */

export type { Backend } from './backend.ts'
export { problemOf } from './problem.ts'
export { ApiServer } from './server.ts'
