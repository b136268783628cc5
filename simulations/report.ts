/**
 * What simulations gave, as one HTML page that needs nothing else: a table, and charts as SVG.
 *
 * @module
 */

/** All runs of one scenario. */
export interface ScenarioReport {
  readonly name: string
  readonly question: string
  readonly elapsedMs: number
  readonly runs: readonly RunReport[]
}

export interface RunReport {
  readonly seed: number
  readonly events: number
  readonly virtualMs: number
  readonly traceHash: string
  readonly violations: readonly string[]
}

const WIDTH = 720
const HEIGHT = 96
/** Bars of one chart; of more runs each bar is the largest of some. */
const BARS_MAX = 240

const STYLE = `body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1c2430}
h2{margin:2rem 0 0;font-size:1.1rem}p{margin:.2rem 0}table{border-collapse:collapse;width:100%}
td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #d8dee6}td:first-child,th:first-child{text-align:left}
svg{display:block;margin:.6rem 0;background:#f4f6f9}rect{fill:#3f6ea8}rect.fails{fill:#b3372f}
code{font-size:.85em;color:#55606e}.fails{color:#b3372f}text{font:11px system-ui,sans-serif;fill:#55606e}`

/** The page. Names and sentences are shown as text, whatever is in them. */
export function reportPage(reports: readonly ScenarioReport[]): string {
  return [
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulations</title>',
    `<style>${STYLE}</style>`,
    '<h1>Simulations</h1>',
    table(reports),
    ...reports.map(section),
    '</html>\n',
  ].join('\n')
}

function table(reports: readonly ScenarioReport[]): string {
  const rows = reports.map(({ name, runs, elapsedMs }) => {
    const events = sum(runs.map((run) => run.events))
    const failed = runs.filter(({ violations }) => violations.length > 0).length
    const cells = [
      escaped(name),
      `${runs.length}`,
      failed === 0 ? '0' : `<span class="fails">${failed}</span>`,
      grouped(events),
      grouped(Math.round((1_000 * events) / Math.max(1, elapsedMs))),
      `${Math.round(sum(runs.map(({ virtualMs }) => virtualMs)) / 1_000)}`,
    ]
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  const titles = ['scenario', 'seeds', 'failed', 'events', 'events/s', 'virtual s']
  const head = titles.map((title) => `<th>${title}</th>`).join('')
  return `<table><tr>${head}</tr>${rows.join('')}</table>`
}

function section({ name, question, runs }: ScenarioReport): string {
  const failing = runs.filter(({ violations }) => violations.length > 0)
  const lines = failing.slice(0, 20).map(({ seed, violations }) => {
    const again = `npm run sim -- --scenario ${name} --seed ${seed} --story`
    return `<p class="fails">seed ${seed}: ${escaped(violations.join('; '))}<br><code>${escaped(again)}</code></p>`
  })
  const [first] = runs
  const trace =
    first === undefined ? '' : ` · trace of seed ${first.seed}: ${first.traceHash.slice(0, 16)}`
  return [
    `<h2>${escaped(name)}</h2><p>${escaped(question)}</p>`,
    chart(runs),
    `<p><code>${runs.length} seeds${escaped(trace)}</code></p>`,
    ...lines,
  ].join('\n')
}

/** Events of each seed, in their order; those that fail in red. */
function chart(runs: readonly RunReport[]): string {
  const share = Math.max(1, Math.ceil(runs.length / BARS_MAX))
  const groups = Array.from({ length: Math.ceil(runs.length / share) }, (_, group) =>
    runs.slice(group * share, (group + 1) * share),
  )
  const most = Math.max(1, ...runs.map(({ events }) => events))
  const step = WIDTH / Math.max(1, groups.length)
  const bars = groups.map((group, index) => {
    const events = Math.max(...group.map((run) => run.events))
    const height = Math.max(1, (events / most) * (HEIGHT - 20))
    const fails = group.some(({ violations }) => violations.length > 0) ? ' class="fails"' : ''
    const box = `x="${(index * step).toFixed(2)}" y="${(HEIGHT - height).toFixed(2)}"`
    const width = Math.max(0.5, step * 0.9).toFixed(2)
    return `<rect${fails} ${box} width="${width}" height="${height.toFixed(2)}"/>`
  })
  const title = `<text x="4" y="13">events by seed, at most ${grouped(most)}</text>`
  return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img">${title}${bars.join('')}</svg>`
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

function grouped(value: number): string {
  return String(value).replaceAll(/\B(?=(\d{3})+$)/g, ',')
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')
}
