/**
 * What does one stage more cost a request beyond its computing, beside plain TCP?
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { JobView } from '../node/api/schemas/jobs.ts'
import { DaemonFleet } from '../test/fixtures/daemons.ts'
import { Pipeline } from '../test/fixtures/pipeline.ts'
import { type Benchmark, type Row, spread } from './benchmark.ts'

const STAGE_COUNTS = [1, 2, 3]
/** Requests of one job, one after another. */
const REQUESTS = 400
const ROUNDS = 5

/** 32 × 64 numbers of four bytes: 8 KiB at every cut, and next to nothing to compute. */
const SHAPE = { rows: 32, width: 64, layers: 9 }

/** What was measured of one pipeline, in milliseconds: the median of each round. */
export interface HopFigures {
  readonly stages: number
  /** From handing a request to the first stage until its output is back. */
  readonly requestMs: readonly number[]
  readonly computeMs: readonly number[]
  /** Of the request, what is not computing; and the time below which nineteen of twenty stay. */
  readonly overheadMs: readonly number[]
  readonly overheadP95Ms: readonly number[]
  /** Of the overhead, the part between devices. The rest is within them. */
  readonly linksMs: readonly number[]
}

/** Half a round trip of the same bytes over plain TCP, in milliseconds: the median of each round. */
export interface TcpFigures {
  readonly p50Ms: readonly number[]
  readonly p95Ms: readonly number[]
}

export interface HopOverhead {
  readonly pipelines: readonly HopFigures[]
  readonly tcp: TcpFigures
}

export const benchmark: Benchmark = {
  question: 'what does a hop add to a request beyond computing, at 8 KiB, beside plain TCP?',
  async run({ say, signal }): Promise<readonly Row[]> {
    const { pipelines, tcp } = await measureHops(say, signal)
    const tcpMs = spread(tcp.p50Ms).p50
    return [
      {
        name: 'plain TCP, one way',
        figures: { 'p50 ms': tcpMs, 'p95 ms': spread(tcp.p95Ms).p50 },
      },
      ...pipelines.map((figures) => rowOf(figures, tcpMs)),
    ]
  },
}

function rowOf(figures: HopFigures, tcpMs: number): Row {
  const { stages, requestMs, computeMs, linksMs } = figures
  const { p50, p95, low, high } = perHop(figures)
  return {
    name: `${stages} ${stages === 1 ? 'stage' : 'stages'}, ${stages + 1} hops`,
    figures: {
      'per hop p50 ms': p50,
      'p95 ms': p95,
      rounds: `${low.toFixed(3)}–${high.toFixed(3)}`,
      'of TCP': p50 / tcpMs,
      'on the wire ms': spread(linksMs).p50 / (stages + 1),
      'request ms': spread(requestMs).p50,
      'compute ms': spread(computeMs).p50,
    },
  }
}

/**
 * The overhead of one hop: of `k` stages there are `k + 1`, the way into each stage and the way
 * back, and each stage's queues, hashes and executor's socket belong to the way into it.
 */
export function perHop({ stages, overheadMs, overheadP95Ms }: HopFigures): {
  readonly p50: number
  readonly p95: number
  readonly low: number
  readonly high: number
} {
  const hops = stages + 1
  return {
    p50: spread(overheadMs).p50 / hops,
    p95: spread(overheadP95Ms).p50 / hops,
    low: Math.min(...overheadMs) / hops,
    high: Math.max(...overheadMs) / hops,
  }
}

/** Measures pipelines of one to three stages, and TCP between processes, in turn. */
export async function measureHops(
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<HopOverhead> {
  await using fleet = new DaemonFleet()
  const workers = Math.max(...STAGE_COUNTS)
  const pipeline = await Pipeline.start(fleet, { workers, inFlight: 1, shape: SHAPE })
  await using echo = await TcpEcho.start()
  say(`${REQUESTS} requests of ${pipeline.cutBytes} bytes, one at a time, ${ROUNDS} rounds`)
  const jobs: JobView[][] = STAGE_COUNTS.map(() => [])
  const tcp: { p50Ms: number[]; p95Ms: number[] } = { p50Ms: [], p95Ms: [] }
  // The first round loads the stages and warms everything up.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [at, stages] of STAGE_COUNTS.entries()) {
      signal.throwIfAborted()
      const job = await pipeline.run(stages, REQUESTS)
      if (round > 0) jobs[at]?.push(job)
    }
    const oneWayMs = await echo.measure(pipeline.cutBytes, REQUESTS)
    if (round === 0) continue
    tcp.p50Ms.push(spread(oneWayMs).p50)
    tcp.p95Ms.push(rank95(oneWayMs))
  }
  return { pipelines: jobs.map(figuresOf), tcp }
}

function figuresOf(jobs: readonly JobView[]): HopFigures {
  const sum = (values: readonly (number | undefined)[]): number =>
    values.reduce((total: number, value) => total + (value ?? Number.NaN), 0)
  return {
    stages: jobs[0]?.stages.length ?? 0,
    requestMs: jobs.map(({ measuredMs }) => measuredMs ?? Number.NaN),
    computeMs: jobs.map(({ stages }) => sum(stages.map(({ computeMs }) => computeMs))),
    overheadMs: jobs.map(({ overhead }) => overhead?.p50Ms ?? Number.NaN),
    overheadP95Ms: jobs.map(({ overhead }) => overhead?.p95Ms ?? Number.NaN),
    linksMs: jobs.map(({ hops }) => sum(hops.map(({ p50Ms }) => p50Ms))),
  }
}

function rank95(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(0.95 * values.length)] ?? Number.NaN
}

/** A process that sends back what it gets, and a connection to it. */
class TcpEcho implements AsyncDisposable {
  readonly #socket: Socket
  readonly #stop: () => void

  constructor(socket: Socket, stop: () => void) {
    this.#socket = socket
    this.#stop = stop
  }

  static async start(): Promise<TcpEcho> {
    const script = join(import.meta.dirname, '../test/fixtures/tcp-echo-program.ts')
    const child = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] })
    const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const socket = connect({ port: Number(port), host: '127.0.0.1', noDelay: true })
    await once(socket, 'connect')
    return new TcpEcho(socket, () => child.kill('SIGKILL'))
  }

  /** Half the time of `count` round trips of `bytes` bytes, one at a time. */
  async measure(bytes: number, count: number): Promise<readonly number[]> {
    const message = Buffer.alloc(bytes, 7)
    const times: number[] = []
    for (let at = 0; at < count; at++) {
      const startMs = performance.now()
      await this.#roundTrip(message)
      times.push((performance.now() - startMs) / 2)
    }
    return times
  }

  #roundTrip(message: Uint8Array): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    let received = 0
    const onData = (chunk: Buffer): void => {
      received += chunk.length
      if (received < message.length) return
      this.#socket.off('data', onData)
      resolve()
    }
    this.#socket.on('data', onData)
    this.#socket.write(message)
    return promise
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#socket.destroy()
    this.#stop()
    return Promise.resolve()
  }
}
