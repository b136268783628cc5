/**
 * Draws assets/page.png from assets/page.html with a headless Chromium.
 *
 * `node examples/text-recognition/draw-page.ts [CHROMIUM]`, needed only
 * after page.html changed. The fonts are DejaVu's (Debian: chromium, fonts-dejavu).
 *
 * @module
 */

import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--hide-scrollbars',
  '--force-device-scale-factor=1',
  '--window-size=1000,750',
]

const page = new URL('./assets/page.html', import.meta.url)
const picture = fileURLToPath(new URL('./assets/page.png', import.meta.url))
const profile = await mkdtemp(path.join(tmpdir(), 'brume-draw-'))
try {
  const chromium = process.argv[2] ?? 'chromium'
  const flags = [...FLAGS, `--user-data-dir=${profile}`, `--screenshot=${picture}`, page.href]
  const { status, error } = spawnSync(chromium, flags, { stdio: 'ignore', timeout: 60_000 })
  if (error) throw error
  process.exitCode = status ?? 1
} finally {
  await rm(profile, { recursive: true, force: true })
}
