/**
 * The proof of a score in a browser: the same code, with the browser's own signatures.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { rolldown } from 'rolldown'
import { spread } from '../../benchmarks/benchmark.ts'
import { toHex } from '../../core/bytes.ts'
import type {
  PageInput,
  PageReport,
  WayInput,
  WayReport,
} from '../../test/fixtures/score-page-program.ts'
import type { Claim } from '../claim.ts'
import { certifiedScore, DEVICES, SEATS } from './certified-score.ts'
import { turnedOver, TURNED_EPOCHS } from './turned-over.ts'

type Shown = PageReport & { readonly way: WayReport }

const ROUNDS = 50
const GOAL_BYTES = 5_000
const GOAL_MS = 5
const PAGE_MS_MAX = 120_000

export const claim: Claim = {
  sentence:
    'A page checks a certified score with nothing but the file and the committee, and follows a mesh to later ones.',
  goal: `≤ ${GOAL_BYTES / 1_000} kB and ≤ ${GOAL_MS} ms with ${SEATS} seats and ${DEVICES} devices, in Chromium`,
  run: async ({ say, signal }) => {
    const { header, committee, proof, wallMs } = certifiedScore()
    const [shownHeader, shownProof] = [toHex(header), toHex(proof)]
    const input = { header: shownHeader, committee, proof: shownProof, wallMs, rounds: ROUNDS }
    const script = await bundled()
    say(`the page has ${Math.round(script.length / 1_000)} kB of script, not minified`)
    const page = pageOf(script, input, turnedOver())
    const { times, micros, believed, way } = await inChromium(page, signal)
    const { p50, p90 } = spread(times)
    say(`score ${micros}; ${believed} damaged copies were believed; p90 ${p90.toFixed(1)} ms`)
    say(
      `followed ${TURNED_EPOCHS} epochs, over which all seats changed more than twice, in ${way.steps ?? 'no'} headers and ${way.tookMs.toFixed(0)} ms`,
    )
    return {
      met:
        proof.length <= GOAL_BYTES &&
        p50 <= GOAL_MS &&
        believed === 0 &&
        micros > 0 &&
        way.steps !== undefined,
      figure: `${proof.length} bytes, ${p50.toFixed(1)} ms`,
      facts: { bytes: proof.length, times, scriptBytes: script.length },
    }
  },
}

/** The program of the page, as one script that leaves its functions in `page`. */
async function bundled(): Promise<string> {
  await using bundler = await rolldown({
    input: 'test/fixtures/score-page-program.ts',
    platform: 'browser',
  })
  const { output } = await bundler.generate({ format: 'iife', name: 'page' })
  return output[0].code
}

function pageOf(script: string, input: PageInput, way: WayInput): string {
  const tell = "(report) => fetch('/report', { method: 'POST', body: JSON.stringify(report) })"
  const measured = `page.measure(${JSON.stringify(input)})`
  const followed = `page.follow(${JSON.stringify(way)})`
  const both = `${measured}.then(async (report) => ({ ...report, way: await ${followed} }))`
  const run = `${both}.then(${tell}, (error) => (${tell})({ error: String(error) }))`
  return `<!doctype html><meta charset="utf-8"><script>${script}</script><script>${run}</script>`
}

/** Shows the page to a Chromium of this machine, and waits for what it reports. */
async function inChromium(html: string, signal: AbortSignal): Promise<Shown> {
  const profile = mkdtempSync(join(tmpdir(), 'brume-chromium-'))
  const { promise, resolve, reject } = Promise.withResolvers<Shown>()
  const server = await serving(html, resolve)
  const { port } = server.address() as AddressInfo
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', `--user-data-dir=${profile}`]
  const browser = spawn('chromium', [...flags, `http://127.0.0.1:${port}/`], {
    stdio: 'ignore',
    signal: AbortSignal.any([signal, AbortSignal.timeout(PAGE_MS_MAX)]),
  })
  browser.on('error', reject)
  try {
    const report = (await promise) as Shown & { readonly error?: string }
    if (report.error !== undefined) throw new Error(`the page says ${report.error}`)
    return report
  } finally {
    browser.kill()
    server.close()
    server.closeAllConnections()
    rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function serving(html: string, report: (report: Shown) => void): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/report') {
      void bodyOf(request).then((body) => report(JSON.parse(body) as Shown))
      response.end()
      return
    }
    response.setHeader('content-type', 'text/html')
    response.end(html)
  })
  const { promise, resolve } = Promise.withResolvers<void>()
  server.listen(0, '127.0.0.1', resolve)
  await promise
  return server
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  request.setEncoding('utf8')
  return (await request.toArray()).join('')
}
