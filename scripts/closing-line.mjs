/**
 * Prints what a test run left out, and its closing line, from vitest's JSON report: `N passed, N failed, N skipped`.
 *
 * `node scripts/closing-line.mjs REPORT.json` exits with 1 when a test failed, when a file could
 * not run, or when nothing ran at all.
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { relative } from 'node:path'

const report = read(process.argv[2] ?? '')
const passed = report.numPassedTests
// A file that cannot be loaded holds no test that could fail, and is a failure all the same.
const broken = report.testResults.filter(
  ({ status, assertionResults }) =>
    status === 'failed' && !assertionResults.some((result) => result.status === 'failed'),
).length
const failed = report.numFailedTests + broken
const skipped = report.numPendingTests + report.numTodoTests

// What was left out, and by its name what it needs: a run that skips says what it has not shown.
for (const suite of new Set(report.testResults.flatMap(skippedSuites))) {
  console.log(`skipped: ${suite}`)
}
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 || passed === 0 || !report.success ? 1 : 0

/** The suites of a file of which a test did not run. */
function skippedSuites({ name, assertionResults }) {
  return assertionResults
    .filter(({ status }) => status === 'pending' || status === 'skipped' || status === 'todo')
    .map(({ ancestorTitles, title }) => `${relative('.', name)}: ${ancestorTitles[0] ?? title}`)
}

/** A report that is missing counts as a run of nothing. */
function read(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch {
    return {
      success: false,
      numPassedTests: 0,
      numFailedTests: 1,
      numPendingTests: 0,
      numTodoTests: 0,
      testResults: [],
    }
  }
}
