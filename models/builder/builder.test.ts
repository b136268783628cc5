import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { SeededRandom } from '../../core/random.ts'
import { accepted } from '../errors.ts'
import { readGraph } from '../graph/graph.ts'
import { buildModel, generatorOf, type BuildConfig } from './build-model.ts'
import { completed } from './graph-writer.ts'
import { quantise } from './quantise.ts'
import { rotaryTables, seededWeights, transposed } from './seeded-weights.ts'

const sha256 = (bytes: Uint8Array) => Uint8Array.from(createHash('sha256').update(bytes).digest())

const mlp = {
  kind: 'mlp',
  inputs: 64,
  hidden: [32, 16],
  outputs: 4,
  activation: 'relu',
  batchNorm: true,
  seed: 3,
} satisfies BuildConfig

const decoder = {
  kind: 'decoder',
  layers: 2,
  hidden: 64,
  heads: 4,
  kvHeads: 2,
  headSize: 16,
  ffn: 96,
  vocabulary: 128,
  positionsMax: 16,
  ropeTheta: 10_000,
  quantisation: 'f32',
  past: 'none',
  seed: 42,
} satisfies BuildConfig

const build = (config: BuildConfig) => buildModel(generatorOf(config), sha256)

/** One hash over the names and bytes of all weights. */
function weightsHash(config: BuildConfig): string {
  const hash = createHash('sha256')
  for (const { name, content } of accepted(build(config)).weights)
    hash.update(name).update(content())
  return hash.digest('hex')
}

describe('seeded weights', () => {
  it('are sums of the draws of the seeded generator', () => {
    const random = new SeededRandom(sha256(utf8('9:w')).subarray(0, 16))
    const scale = 0.5 / (65_536 * Math.sqrt(4 / 12))
    const expected = Float32Array.from({ length: 100 }, () => {
      const [a, b] = [random.uint32(), random.uint32()]
      const sum = (a & 65_535) + (a >>> 16) + (b & 65_535) + (b >>> 16)
      return (sum - 131_070) * scale
    })
    const spread = { mean: 0, deviation: 0.5 }
    expect(seededWeights({ seed: 9, sha256 }, 'w', 100, spread)).toEqual(expected)
  })

  it('have the mean and deviation that were asked for', () => {
    const values = seededWeights({ seed: 1, sha256 }, 'w', 100_000, { mean: 1, deviation: 0.1 })
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(mean).toBeCloseTo(1, 2)
    expect(Math.sqrt(variance)).toBeCloseTo(0.1, 3)
  })

  it('turn rows into columns', () => {
    expect(transposed(Float32Array.of(1, 2, 3, 4, 5, 6), 2, 3)).toEqual(
      Float32Array.of(1, 4, 2, 5, 3, 6),
    )
  })

  it('turn positions as cosine and sine do', () => {
    const { cos, sin } = rotaryTables({ positions: 2_048, headSize: 64, theta: 10_000 })
    const worst = (table: Float32Array, exact: (angle: number) => number): number =>
      table.reduce((most, value, at) => {
        const angle = Math.floor(at / 32) * 10_000 ** (-(at % 32) / 32)
        return Math.max(most, Math.abs(value - exact(angle)))
      }, 0)
    expect(worst(cos, Math.cos)).toBeLessThan(1e-7)
    expect(worst(sin, Math.sin)).toBeLessThan(1e-7)
  })

  it.each([4, 8] as const)('lose at most half a step in %i bits', (bits) => {
    const weights = seededWeights({ seed: 1, sha256 }, 'w', 256, { mean: 0, deviation: 1 })
    const init = { rows: 2, columns: 128, bits, block: 32 }
    const { packed, scales } = quantise(weights, init)
    const levels = bits === 8 ? [...packed] : [...packed].flatMap((byte) => [byte & 15, byte >> 4])
    const steps = levels.map((level, at) => {
      const scale = scales[at >> 5] ?? 1
      return Math.abs((level - 2 ** (bits - 1)) * scale - (weights[at] ?? 0)) / Math.abs(scale)
    })
    // Four bits reach −8 to 7: the farthest weight on the short side loses up to one step.
    expect(Math.max(...steps)).toBeLessThanOrEqual(bits === 8 ? 0.501 : 1)
  })
})

describe('a built model', () => {
  it('is the same on every device', () => {
    // Whoever changes how weights are made breaks the ids of built models everywhere.
    expect([
      weightsHash(mlp),
      weightsHash(decoder),
      weightsHash({ ...decoder, quantisation: 'q8' }),
      weightsHash({ ...decoder, quantisation: 'q4' }),
    ]).toEqual([
      '05d3e9c9cbc14730bc4b9a08f206013b354ab96639e08a4c8f22bb26f6f77b27',
      'eda38423dffe45e2052f286dea45f1d00f322c93c8b9f90d58aa4a1a460a9feb',
      '42df04c0451e940ec75bfec4fae7f1806b562e7cd2e055031f33cf2b973c0ddb',
      '4adba246a8b14ce8eeffb6f486f506b31019cec695ca6056b2223e547189fcfe',
    ])
    expect(weightsHash({ ...mlp, seed: 4 })).not.toBe(weightsHash(mlp))
  })

  it('has a graph that is accepted, with all weights inside', () => {
    for (const config of [mlp, decoder, { ...decoder, quantisation: 'q4' as const }]) {
      const graph = accepted(readGraph(completed(accepted(build(config))), 'none'))
      expect(graph.proto.initializer.every(({ rawData }) => rawData !== undefined)).toBe(true)
    }
  })

  it('keeps keys and values as inputs and outputs when it has a cache', () => {
    const graph = accepted(readGraph(accepted(build({ ...decoder, past: 'cache' })).model, 'none'))
    expect(graph.inputs).toEqual([
      'input_ids',
      'seqlens_k',
      'total_sequence_length',
      'rows',
      'past.0.key',
      'past.0.value',
      'past.1.key',
      'past.1.value',
    ])
    expect(graph.outputs.length).toBe(5)
  })

  it('is refused when its sizes do not fit together', () => {
    const code = (config: BuildConfig) => {
      const built = build(config)
      return built.type === 'refused' ? built.code : 'value'
    }
    expect(code({ ...mlp, hidden: [] })).toBe('MODELS_BUILD_INVALID')
    expect(code({ ...mlp, hidden: Array.from({ length: 11 }, () => 1) })).toBe(
      'MODELS_BUILD_INVALID',
    )
    expect(code({ ...mlp, hidden: [0] })).toBe('MODELS_BUILD_INVALID')
    expect(code({ ...decoder, kvHeads: 3 })).toBe('MODELS_BUILD_INVALID')
    expect(code({ ...decoder, headSize: 12 })).toBe('MODELS_BUILD_INVALID')
    expect(code({ ...decoder, layers: 0 })).toBe('MODELS_BUILD_INVALID')
    expect(code({ ...decoder, hidden: 48, quantisation: 'q4' })).toBe('MODELS_BUILD_INVALID')
    const broken = buildModel({ kind: 'mlp', config: utf8('no') }, sha256)
    expect(broken).toMatchObject({ code: 'MODELS_BUILD_INVALID' })
    expect(toHex(generatorOf(mlp).config)).toBe('86184082182010046472656c75f503')
  })
})
