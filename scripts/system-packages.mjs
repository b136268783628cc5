/**
 * Installs the system packages that some tests need, where that is a matter of one command.
 *
 * Chromium brings SwiftShader, a WebGPU adapter in software; libvulkan1 loads it. swtpm is a TPM in software. SPIN
 * visits every state of a model, by a program that gcc compiles.
 * Nothing depends on success: a test that lacks its package says so and skips.
 * `SKIP_SYSTEM_PACKAGES=1` leaves the machine as it is.
 *
 * @module
 */

import { spawnSync } from 'node:child_process'

/** Debian packages by name. */
export const SYSTEM_PACKAGES = [
  'chromium',
  'libvulkan1',
  'swtpm',
  'swtpm-tools',
  'spin',
  'gcc',
  'libc6-dev',
]

const MINUTE_MS = 60_000

/**
 * Installs what is missing when this is root on a Debian-like machine; who is not root there is told what to install.
 *
 * @param {(text: string) => void} say - Told once before work begins, and of what is not installed.
 */
export function installSystemPackages(say) {
  if (process.env.SKIP_SYSTEM_PACKAGES === '1' || !runs('apt-get', ['--version'])) return
  const missing = SYSTEM_PACKAGES.filter((name) => !isInstalled(name))
  if (missing.length === 0) return
  if (process.getuid?.() !== 0) {
    say(`tests that need them will skip: apt-get install ${missing.join(' ')}`)
    return
  }

  say(`installing ${missing.join(' ')} for tests (SKIP_SYSTEM_PACKAGES=1 to leave them out)`)
  const apt = ['-q', '-y', '-o', 'DPkg::Lock::Timeout=60']
  runs('apt-get', [...apt, 'update'], 3 * MINUTE_MS)
  if (!runs('apt-get', [...apt, 'install', '--no-install-recommends', ...missing], 8 * MINUTE_MS)) {
    say(`could not install ${missing.join(' ')}: the tests that need them will skip`)
  }
}

function isInstalled(name) {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' })
  return stdout?.includes('ok installed') ?? false
}

function runs(command, args, timeoutMs = 10_000) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { stdio: 'ignore', timeout: timeoutMs, env }).status === 0
}
