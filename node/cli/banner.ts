/**
 * What `brume up` says once: who I am, what I can do and will not do, how I am reached, what is next.
 *
 * @module
 */

import type { BannerFacts } from '../daemon-types.ts'
import { bytesText, countText, msText, shortPeer } from './quantity-text.ts'

/** At most 12 lines. */
export function bannerLines(facts: BannerFacts): string[] {
  const { version, name, peer, newIdentity, limits, apiUrl, keyFile, readyMs } = facts
  const identity = `${shortPeer(peer)}${newIdentity ? ', new identity created' : ''}`
  return [
    `brume ${version}  ·  node ${name}  (${identity})`,
    line('Device', deviceText(facts)),
    ...(facts.benchmark === undefined ? [] : [line('Benchmark', benchmarkText(facts.benchmark))]),
    line(
      'Limits',
      `≤ ${bytesText(limits.executorMemoryBytes)} memory an executor, ≤ ${bytesText(limits.storeBytesMax)} of models  → brume config show`,
    ),
    line('Network', networkText(facts)),
    line('Mesh', meshText(facts)),
    line('API', `${apiUrl}  key: ${keyFile}`),
    `Ready in ${msText(readyMs)}.`,
  ]
}

function line(label: string, text: string): string {
  return `  ${label.padEnd(11)} ${text}`
}

function deviceText({ device }: BannerFacts): string {
  const { model, cores, memoryBytes, accelerators, providers } = device
  return [
    model,
    countText(cores, 'core'),
    bytesText(memoryBytes),
    accelerators.length === 0 ? 'no GPU' : accelerators.join(', '),
    `runs on ${providers.join(', ')}`,
  ].join(' · ')
}

function benchmarkText(benchmark: NonNullable<BannerFacts['benchmark']>): string {
  const { int8Gops, f32Gflops, storageBytesPerSecond, tookMs } = benchmark
  const speeds = [
    `${int8Gops.toFixed(1)} Gop/s int8`,
    `${f32Gflops.toFixed(1)} Gflop/s f32`,
    `${bytesText(storageBytesPerSecond)}/s storage`,
  ].join(', ')
  return `${speeds}  (${tookMs === undefined ? 'measured before' : `saved, ${msText(tookMs)}`})`
}

function networkText({ network }: BannerFacts): string {
  const [first = 'no address', ...others] = network.addresses
  const more = others.length === 0 ? '' : ` and ${others.length} more`
  return `LAN discovery ${network.mdns ? 'on' : 'off'} · ${first}${more}`
}

function meshText({ mesh }: BannerFacts): string {
  if (mesh !== undefined)
    return `${mesh.name} · ${countText(mesh.connectedPeers, 'peer')} connected`
  return 'none yet.  Start one: brume mesh create home   Join one: brume join CODE'
}
