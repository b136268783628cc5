/**
 * The door of the API.
 *
 * @module
 */

export { problemOf } from './problem.ts'
export { ApiServer } from './server.ts'
