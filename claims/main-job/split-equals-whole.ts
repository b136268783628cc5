/**
 * Cutting a model over devices does not change a bit of what it gives.
 *
 * @module
 */

import type { JobSpec, JobView } from '../../node/api/schemas/jobs.ts'
import type { NamedTensorsJson } from '../../node/api/schemas/tensors.ts'
import type { ApiClient } from '../../test/fixtures/api-client.ts'
import { DaemonFleet } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { addNetwork, type Network } from '../../test/fixtures/sample-models.ts'

const NAMES = ['det', 'rec', 'cls', 'decoder'] as const
const STAGE_COUNTS = [2, 3, 4]
const INPUTS = 2

interface Run {
  readonly hashes: string
  /** Devices that held a stage. */
  readonly devices: number
  readonly outputs: readonly NamedTensorsJson[]
}

async function run(
  api: ApiClient,
  network: Network,
  how: Pick<JobSpec, 'stages' | 'wire'>,
): Promise<Run> {
  const inputs = Array.from({ length: INPUTS }, (_, seed) => network.input(seed + 1))
  const job = await api.runJob({ model: network.id, inputs, replicas: 1, ...how })
  if (job.state !== 'done') throw new Error(`${network.name}: ${job.state} ${problem(job)}`)
  const { outputs } = await api.get<{ outputs: NamedTensorsJson[] }>(`/v1/jobs/${job.id}/outputs`)
  return {
    hashes: job.outputs.map(({ sha256 }) => sha256).join(' '),
    devices: new Set(job.stages.map(({ peer }) => peer)).size,
    outputs,
  }
}

function problem({ error }: JobView): string {
  return error === undefined ? '' : `${error.code}: ${error.detail}`
}

/** Largest difference of two runs, in shares of the largest element. Of float32 outputs only. */
function difference(a: readonly NamedTensorsJson[], b: readonly NamedTensorsJson[]): number {
  let largest = 0
  let apart = 0
  for (const [index, output] of a.entries()) {
    for (const [name, tensor] of Object.entries(output)) {
      if (tensor.type !== 'float32') continue
      const left = floats(tensor.data)
      const right = floats(b[index]?.[name]?.data ?? '')
      for (const [at, value] of left.entries()) {
        largest = Math.max(largest, Math.abs(value))
        apart = Math.max(apart, Math.abs(value - (right[at] ?? Number.NaN)))
      }
    }
  }
  return apart / largest
}

function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer)
}

export const claim: Claim = {
  sentence:
    'A model in 2, 3 and 4 stages on as many devices gives the SHA-256 of the whole model on one.',
  goal: '2, 3 and 4 stages of det, rec, cls and a built decoder equal, f32 wire; every cut crossed',
  run: async ({ say, signal }) => {
    await using fleet = new DaemonFleet()
    const [requester] = await fleet.startMany(4)
    if (requester === undefined) throw new Error('no daemon')
    await fleet.formMesh()
    say('4 daemons in a mesh')

    let equal = 0
    let total = 0
    let cuts = 0
    const halves: Record<string, number> = {}
    for (const name of NAMES) {
      const network = await addNetwork(requester.api, name)
      const whole = await run(requester.api, network, { stages: 1, wire: 'f32' })
      say(`${name}: ${network.layers} layers, whole ${whole.hashes.slice(0, 16)}…`)
      // Fails unless every layer as a stage of its own, one after another, gives the whole's bytes.
      await requester.api.operate(`/v1/models/${network.id}/verify`)
      cuts += network.layers - 1
      say(`  ${network.layers} stages of one layer: equal`)
      for (const stages of STAGE_COUNTS) {
        signal.throwIfAborted()
        const split = await run(requester.api, network, { stages, wire: 'f32' })
        const same = split.hashes === whole.hashes && split.devices === stages
        total++
        if (same) equal++
        say(`  ${stages} stages on ${split.devices} devices: ${same ? 'equal' : 'DIFFERENT'}`)
      }
      const half = await run(requester.api, network, { stages: 2, wire: 'f16' })
      halves[name] = difference(whole.outputs, half.outputs)
      say(`  2 stages, f16 wire: off by at most ${halves[name].toExponential(1)} of the largest`)
    }
    const worst = Math.max(...Object.values(halves))
    return {
      met: equal === total,
      figure: `${equal} of ${total} equal, all ${cuts} cuts crossed; f16 wire off by at most ${worst.toExponential(1)}`,
      facts: { equal, total, cuts, f16: halves },
    }
  },
}
