/**
 * `brume device`: what this machine has, what it can run, and how fast it is.
 *
 * @module
 */

import type { Command } from 'commander'
import type { Device } from '../../api/schemas/device.ts'
import type { Cli } from '../cli.ts'
import { bytesText, countText, msText } from '../quantity-text.ts'

export function addDevice(program: Command, cli: Cli): void {
  program
    .command('device')
    .description('what this machine has, what it can run, and how fast it is')
    .option('--refresh', 'measure again')
    .action((options: { readonly refresh?: boolean }) => showDevice(cli, options.refresh === true))
}

async function showDevice(cli: Cli, refresh: boolean): Promise<void> {
  const client = await cli.client()
  const device = await client.get<Device>(`/v1/device${refresh ? '?refresh=true' : ''}`)
  cli.print({ device }, () => deviceLines(device))
}

function deviceLines(device: Device): string[] {
  const { name, peer, model, platform, arch, cores, memoryBytes, memoryFreeBytes } = device
  return [
    `${name} (${peer})`,
    `  device        ${model} · ${platform} ${arch} · ${countText(cores, 'core')}`,
    `  memory        ${bytesText(memoryBytes)}, ${bytesText(memoryFreeBytes)} free`,
    `  disk          ${bytesText(device.diskFreeBytes)} free`,
    ...device.accelerators.map(
      (accelerator) =>
        `  accelerator   ${accelerator.name}${
          accelerator.memoryBytes === undefined ? '' : ` · ${bytesText(accelerator.memoryBytes)}`
        }`,
    ),
    ...device.providers.map(
      (provider) =>
        `  provider      ${provider.name.padEnd(9)} ${
          provider.available
            ? `available${provider.adapter === undefined ? '' : ` · ${provider.adapter}`}`
            : `not available: ${provider.reason ?? 'unknown reason'}`
        }`,
    ),
    ...benchmarkLines(device.benchmark),
    `  evidence      ${device.evidence.join(' ')}`,
    `  classes       ${device.classes.join(' ')}`,
  ]
}

function benchmarkLines(benchmark: Device['benchmark']): string[] {
  if (benchmark === null) return ['  benchmark     not measured: brume device --refresh']
  const { f32Gflops, int8Gops, gpuF32Gflops, memoryBytesPerSecond, storageBytesPerSecond } =
    benchmark
  const gpu = gpuF32Gflops === undefined ? '' : ` · GPU ${gpuF32Gflops.toFixed(1)} Gflop/s f32`
  return [
    `  benchmark     ${f32Gflops.toFixed(1)} Gflop/s f32 · ${int8Gops.toFixed(1)} Gop/s int8${gpu}`,
    `                memory ${bytesText(memoryBytesPerSecond)}/s · storage ${bytesText(storageBytesPerSecond)}/s (took ${msText(benchmark.tookMs)})`,
  ]
}
