/**
 * Devices, layers and requests for the tests and benchmarks of placement.
 *
 * @module
 */

import type { PeerId } from '../../../core/ids.ts'
import type { PlacementCandidate, PlacementLayer, PlacementRequest } from './plan.ts'

/** A name for the n-th device. */
export function peer(name: string | number): PeerId {
  return `12D3Koo-device-${name}` as PeerId
}

/** A device on a fast LAN, with what is said otherwise. */
export function candidate(
  name: string | number,
  changes: Partial<PlacementCandidate> = {},
): PlacementCandidate {
  return {
    peer: peer(name),
    gflopsPerS: 10,
    level: 1,
    memoryBytes: 1_000_000_000,
    rttMs: 1,
    linkMbps: 1000,
    ...changes,
  }
}

/** A layer of 100 MFLOP and 10 MB that passes 10 kB on, with what is said otherwise. */
export function layer(changes: Partial<PlacementLayer> = {}): PlacementLayer {
  return { flops: 100e6, weightBytes: 10e6, cutBytes: 10e3, ...changes }
}

/** A request from a device that is no candidate, with what is said otherwise. */
export function request(changes: Partial<PlacementRequest> = {}): PlacementRequest {
  return {
    layers: Array.from({ length: 8 }, () => layer()),
    inputBytes: 10e3,
    candidates: [candidate('a'), candidate('b')],
    requester: peer('requester'),
    stages: 'auto',
    replicas: 1,
    objective: 'latency',
    inFlight: 1,
    stageOverheadBytes: 0,
    ...changes,
  }
}

/** A source of numbers in [0, 1) that repeats for a seed (Park and Miller's generator). */
export function numbers(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return (state - 1) / 2_147_483_646
  }
}

/**
 * The same as {@link randomRequest}, with devices of which some were measured: layers that are
 * quicker here and slower there, directed links, stages that are loaded, owners that come back, and
 * a ring of stages.
 */
export function measuredRequest(
  seed: number,
  size: { readonly devices: number; readonly layers: number },
): PlacementRequest {
  const next = numbers(seed + 1)
  const base = randomRequest(seed, size)
  const candidates = base.candidates.map((device): PlacementCandidate => {
    if (next() < 0.3) return device
    const middle = 1 + Math.floor((size.layers - 1) * next())
    return {
      ...device,
      layerMs: base.layers.map(({ flops }) => (flops / device.gflopsPerS / 1e6) * (0.5 + next())),
      stepMs: next(),
      besideShare: 0.2 + 0.8 * next(),
      loaded: [{ fromLayer: 0, toLayer: middle }],
      loadMs: 2_000 * next(),
      staying: { for5min: 1, for15min: next(), for60min: next() / 2 },
    }
  })
  const links = candidates.flatMap(({ peer: from }) =>
    candidates
      .filter(() => next() < 0.5)
      .map(({ peer: to }) => ({ from, to, delayMs: 20 * next(), mbps: 20 + 500 * next() })),
  )
  const steps = Math.round(100_000 * next())
  return { ...base, candidates, links, steps, returns: next() < 0.5 ? 'first' : 'requester' }
}

/**
 * A request with random devices and layers: speeds over a factor of 50, memory from too little
 * to all, links from bad Wi-Fi to gigabit.
 */
export function randomRequest(
  seed: number,
  size: { readonly devices: number; readonly layers: number },
): PlacementRequest {
  const next = numbers(seed)
  const between = (low: number, high: number): number => low * (high / low) ** next()
  const layers = Array.from({ length: size.layers }, () =>
    layer({
      flops: between(10e6, 1e9),
      weightBytes: Math.round(between(1e6, 100e6)),
      cutBytes: Math.round(between(1e3, 1e6)),
      keptBytes: Math.round(between(1e3, 1e5)),
    }),
  )
  const keptBytes = layers.reduce((sum, { keptBytes: bytes = 0 }) => sum + bytes, 0)
  const wholeBytes = layers.reduce((sum, { weightBytes }) => sum + weightBytes, 0)
  const candidates = Array.from({ length: size.devices }, (_, index) =>
    candidate(index, {
      gflopsPerS: between(2, 100),
      level: next() < 0.7 ? 1 : 0.5,
      memoryBytes: Math.round(wholeBytes * between(0.2, 1.5)),
      textBytes: Math.round(keptBytes * between(0.2, 3)),
      rttMs: between(0.2, 20),
      linkMbps: between(20, 1000),
      heldBytes: layers.map(({ weightBytes }) => (next() < 0.5 ? weightBytes : 0)),
    }),
  )
  const objective = next() < 0.5 ? 'latency' : 'throughput'
  const inFlight = 1 + Math.floor(8 * next())
  return request({ layers, candidates, objective, inFlight, requester: peer(0) })
}
