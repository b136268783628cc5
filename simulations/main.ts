/**
 * Runs simulations: `npm run sim -- --scenario NAME --seed N [--seeds K] [--story] [--json] [--report FILE] | --list`,
 * `--shrink` for the smallest plan by which a seed that fails still does, `--ed25519` for real signatures.
 *
 * Exits with 1 when an invariant does not hold, after naming the seed that shows it.
 *
 * @module
 */

import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { LARGE_SCENARIOS, SCENARIOS } from './catalogue.ts'
import { reportPage, type RunReport, type ScenarioReport } from './report.ts'
import type { Outcome, Scenario } from './scenario.ts'

/** Lines of a story that are shown for a seed that failed. */
const STORY_LINES_MAX = 60

const { values } = parseArgs({
  options: {
    scenario: { type: 'string', default: 'all' },
    seed: { type: 'string', default: '1' },
    seeds: { type: 'string', default: '1' },
    story: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    report: { type: 'string' },
    shrink: { type: 'boolean', default: false },
    ed25519: { type: 'boolean', default: false },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
/** Undefined where it is left to the scenario. */
const ED25519 = values.ed25519 ? true : undefined
const chosen = [
  ...SCENARIOS.filter(({ name }) => [name, 'all'].includes(values.scenario)),
  ...LARGE_SCENARIOS.filter(({ name }) => name === values.scenario),
]

if (values.list) {
  for (const { name, question } of [...SCENARIOS, ...LARGE_SCENARIOS])
    print(`${name}\n  ${question}`)
} else if (chosen.length === 0 || !Number.isSafeInteger(first) || !(count >= 1)) {
  process.stderr.write('usage: npm run sim -- --scenario NAME --seed N [--seeds K] | --list\n')
  process.exitCode = 2
} else if (values.shrink) {
  for (const scenario of chosen) await shrink(scenario)
} else {
  const reports: ScenarioReport[] = []
  for (const scenario of chosen) reports.push(await runAll(scenario))
  if (values.report !== undefined) writeFileSync(values.report, reportPage(reports))
}

/** Finds the smallest trouble that makes the first seed fail. */
async function shrink(scenario: Scenario): Promise<void> {
  const found = await scenario.shrink?.(first, { ed25519: ED25519 })
  if (found === undefined) return print(`nothing to shrink: ${scenario.name}, seed ${first}`)
  process.exitCode = 1
  report(scenario, first, found.outcome)
  print(found.plan)
}

async function runAll(scenario: Scenario): Promise<ScenarioReport> {
  const startMs = performance.now()
  let events = 0
  let virtualMs = 0
  const failed: number[] = []
  const runs: RunReport[] = []
  for (let seed = first; seed < first + count; seed++) {
    const outcome = await scenario.run(seed, { ed25519: ED25519 })
    events += outcome.events
    virtualMs += outcome.virtualMs
    if (outcome.violations.length > 0) failed.push(seed)
    const { story: _, ...told } = outcome
    runs.push({ seed, ...told })
    report(scenario, seed, outcome)
  }
  const elapsedMs = performance.now() - startMs
  const eventsPerSecond = Math.round((1000 * events) / elapsedMs)
  if (failed.length > 0) process.exitCode = 1
  const { name } = scenario
  if (values.json) {
    print(JSON.stringify({ type: 'summary', name, seeds: count, failed, events, eventsPerSecond }))
  } else {
    const verdict = failed.length === 0 ? 'HOLDS' : `FAILS for ${failed.length} seeds`
    print(
      `${verdict}  ${name}: ${count} seeds, ${events} events, ${eventsPerSecond} events/s, ` +
        `${Math.round(virtualMs / 1000)} s in ${(elapsedMs / 1000).toFixed(1)} s`,
    )
  }
  return { name, question: scenario.question, elapsedMs, runs }
}

function report(scenario: Scenario, seed: number, outcome: Outcome): void {
  const { name } = scenario
  const { violations, events, traceHash, story } = outcome
  if (values.json) {
    print(JSON.stringify({ type: 'run', name, seed, events, traceHash, violations }))
    return
  }
  const holds = violations.length === 0
  if (values.story) for (const line of story) print(line)
  else if (!holds && count === 1) for (const line of story.slice(-STORY_LINES_MAX)) print(line)
  if (holds && count > 1) return
  print(`seed ${seed}  trace ${traceHash.slice(0, 16)}  ${holds ? 'holds' : 'FAILS'}`)
  for (const violation of violations) print(`  ${violation}`)
  if (!holds) print(`  again: npm run sim -- --scenario ${name} --seed ${seed} --story`)
}

function print(line: string): void {
  process.stdout.write(`${line}\n`)
}
