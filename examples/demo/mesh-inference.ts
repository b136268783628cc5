/**
 * Runs the networks of the text recogniser as jobs of a mesh.
 *
 * @module
 */

import type { JobEvent, JobView } from '../../node/api/schemas/jobs.ts'
import type { Infer, TextNetwork } from '../text-recognition/text-recogniser.ts'
import { type DaemonClient, requestError } from './client.ts'
import { DEMO_MODELS, type DemoModel } from './models.ts'

/** A finished job of one network, and how long it took as the submitter sees it. */
export interface NetworkRun {
  readonly network: TextNetwork
  readonly job: JobView
  /** From sending the inputs to having the outputs, in milliseconds. */
  readonly wallMs: number
}

export interface MeshInferenceInit {
  /** Sees each event of a job before the next one is read; the job itself does not wait for it. */
  readonly onEvent: (job: JobView, event: JobEvent) => Promise<void> | void
}

/** One page's worth of jobs. */
export class MeshInference {
  readonly #client: DaemonClient
  readonly #init: MeshInferenceInit
  readonly #runs: NetworkRun[] = []

  constructor(client: DaemonClient, init: MeshInferenceInit) {
    this.#client = client
    this.#init = init
  }

  /** The jobs so far, in order. */
  get runs(): readonly NetworkRun[] {
    return this.#runs
  }

  /** The port of the text recogniser. */
  readonly infer: Infer = async (network, inputs) => {
    const startMs = performance.now()
    const { layout } = DEMO_MODELS.find((model) => model.network === network) as DemoModel
    const submitted = await this.#client.submit({ ...layout, inputs })
    for await (const event of this.#client.jobEvents(submitted.id)) {
      await this.#init.onEvent(submitted, event)
      if (event.type === 'failed') throw requestError(event.error)
    }
    const outputs = await this.#client.outputs(submitted.id)
    const job = await this.#client.job(submitted.id)
    this.#runs.push({ network, job, wallMs: performance.now() - startMs })
    return outputs
  }
}
