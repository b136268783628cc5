/**
 * The benchmark process: measures memory, storage and, when asked, matrix products, and prints one line.
 *
 * A process of its own, because it keeps its thread busy all the time.
 *
 * @module
 */

import { closeSync, fsyncSync, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { BenchmarkResult, BenchmarkTask } from './benchmark-protocol.ts'
import { measureGemm } from './javascript-gemm.ts'
import { bestRate } from './rate.ts'

const MEGABYTE = 1e6
const COPY_BYTES = 64 * 2 ** 20
const FILE_BYTES = 16 * 2 ** 20
const BLOCK_BYTES = 2 ** 20

const task = JSON.parse(process.argv[2] ?? '{}') as BenchmarkTask
process.stdout.write(`${JSON.stringify(measure(task))}\n`)

function measure({ directory, gemm, eachMs }: BenchmarkTask): BenchmarkResult {
  const memoryMBPerS = measureMemory(eachMs)
  const storage = measureStorage(directory, eachMs)
  return { memoryMBPerS, ...storage, ...(gemm ? { gemm: measureGemm(eachMs) } : {}) }
}

/** Bytes read plus bytes written by copies too large for any cache. */
function measureMemory(eachMs: number): number {
  const from = new Uint8Array(COPY_BYTES).fill(1)
  const to = new Uint8Array(COPY_BYTES)
  return Math.round(bestRate(() => to.set(from), eachMs) * (2 * COPY_BYTES)) / MEGABYTE
}

/** A file written through to the disk, and read again: the read may come from the system's cache. */
function measureStorage(
  directory: string,
  eachMs: number,
): Pick<BenchmarkResult, 'storageReadMBPerS' | 'storageWriteMBPerS'> {
  const path = join(directory, `benchmark-${process.pid}.tmp`)
  const block = Buffer.alloc(BLOCK_BYTES, 0x5a)
  const fd = openSync(path, 'w+', 0o600)
  try {
    const write = (): void => {
      for (let at = 0; at < FILE_BYTES; at += BLOCK_BYTES) writeSync(fd, block, 0, BLOCK_BYTES, at)
      fsyncSync(fd)
    }
    const read = (): void => {
      for (let at = 0; at < FILE_BYTES; at += BLOCK_BYTES) readSync(fd, block, 0, BLOCK_BYTES, at)
    }
    const storageWriteMBPerS = (bestRate(write, eachMs) * FILE_BYTES) / MEGABYTE
    return {
      storageWriteMBPerS,
      storageReadMBPerS: (bestRate(read, eachMs) * FILE_BYTES) / MEGABYTE,
    }
  } finally {
    closeSync(fd)
    rmSync(path, { force: true })
  }
}
