/**
 * What the session of a text is opened with.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import { toHex } from '../../../core/bytes.ts'
import type { Sha256 } from '../../../core/crypto.ts'
import type { SessionId } from '../../../core/ids.ts'
import { prefixChain, type RequesterInit } from '../../../protocols/inference/index.ts'
import type { JobRunnerInit } from '../jobs/job-runner.ts'
import type { TextWork } from './text-runner.ts'

/** A session of its own over the stages of the plan. */
export function textSession(
  work: TextWork,
  limits: JobRunnerInit & Pick<RequesterInit, 'bytesPerMs' | 'numericClasses'>,
  sha256: Sha256,
): RequesterInit {
  const { planned, manifest, provider, generation, sampling, hashesLogits, guide, gives } = work
  const { prompt } = generation
  // Of a text that is taken up again, some of what it goes on from was drawn.
  const { promptTokens } = work.record.init
  // Behind its last row the prompt is drawn at: that one is always run. A guide has to see all that
  // was drawn.
  const known = gives === 'tokens' ? prompt.slice(0, guide ? promptTokens - 1 : -1) : []
  const prefix = prefixChain(planned.model.id, known, sha256)
  const { inFlightMax, runMsMax, ...rest } = limits
  return {
    ...rest,
    open: {
      version: 1,
      session: toHex(randomBytes(16)) as SessionId,
      model: planned.model.id,
      manifest,
      wires: planned.wires[0] ?? [],
      provider,
      inFlightMax,
      runMsMax,
      text: {
        positionsMax: prompt.length + generation.tokensMax,
        promptTokens,
        sampling,
        hashesLogits,
        gives,
        guide,
        prefix,
        cuts: planned.plan.stages.slice(1).map(({ fromLayer }) => fromLayer),
      },
    },
    ranges: planned.plan.stages.map(({ fromLayer, toLayer }) => ({ fromLayer, toLayer })),
  }
}
