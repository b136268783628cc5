/**
 * Multilayer perceptrons of any size, for tests and benchmarks.
 *
 * @module
 */

import { record, list, flag, uint, word, type ShapeOf } from '../../core/cbor-shape.ts'
import type { ElementType } from '../onnx/element-type.ts'
import { refuse } from '../refuse.ts'
import { floatBytes, GraphWriter, type BuiltGraph } from './graph-writer.ts'
import { seededWeights, type Spread, type WeightSource } from './seeded-weights.ts'

/** Hidden layers that an MLP may have. */
const HIDDEN_MAX = 10
const UNITS_MAX = 65_536

export const MLP_CONFIG = record({
  /** Units of the input, the hidden layers and the output, each in [1, 65,536]. */
  inputs: uint(UNITS_MAX),
  /** One to ten. */
  hidden: list(uint(UNITS_MAX), HIDDEN_MAX),
  outputs: uint(UNITS_MAX),
  activation: word('relu', 'gelu', 'tanh', 'sigmoid'),
  /** True to normalise before each activation. */
  batchNorm: flag(),
  seed: uint(2 ** 32 - 1),
})

export type MlpConfig = ShapeOf<typeof MLP_CONFIG>

const OPERATORS = { relu: 'Relu', gelu: 'Gelu', tanh: 'Tanh', sigmoid: 'Sigmoid' } as const

/** `x` [batch, inputs] → `y` [batch, outputs]. Refuses sizes out of range. */
export function writeMlp(config: MlpConfig, source: WeightSource): BuiltGraph {
  const { inputs, hidden, outputs, activation, batchNorm } = config
  if (hidden.length < 1 || hidden.length > HIDDEN_MAX) {
    refuse('MODELS_BUILD_INVALID', `expected 1 to ${HIDDEN_MAX} hidden layers`)
  }
  if ([inputs, ...hidden, outputs].some((units) => units < 1 || units > UNITS_MAX)) {
    refuse('MODELS_BUILD_INVALID', `expected 1 to ${UNITS_MAX} units in every layer`)
  }
  const writer = new GraphWriter()
  const vector = (name: string, units: number, spread: Spread): string =>
    writer.weight(floats(source, name, [units], spread))
  let from = 'x'
  let width = inputs
  for (const [layer, units] of hidden.entries()) {
    const name = `layers.${layer}`
    from = linear(writer, source, { name, from, to: `${name}.sum`, width, units })
    if (batchNorm) {
      const near = (mean: number, deviation: number) => ({ mean, deviation })
      const norm = [
        vector(`${name}.norm.scale`, units, near(1, 0.05)),
        vector(`${name}.norm.bias`, units, near(0, 0.05)),
        vector(`${name}.norm.mean`, units, near(0, 0.05)),
        // Irwin–Hall sums end: 3.5 deviations below the mean this is still positive.
        vector(`${name}.norm.variance`, units, near(1, 0.1)),
      ]
      from = writer.node('BatchNormalization', [from, ...norm], `${name}.normalised`)
    }
    from = writer.node(OPERATORS[activation], [from], `${name}.out`)
    width = units
  }
  linear(writer, source, { name: 'head', from, to: 'y', width, units: outputs })
  return writer.finish(
    'mlp',
    [{ name: 'x', type: 'float32', dims: ['batch', inputs] }],
    [{ name: 'y', type: 'float32', dims: ['batch', outputs] }],
  )
}

interface Linear {
  readonly name: string
  readonly from: string
  readonly to: string
  readonly width: number
  readonly units: number
}

function linear(writer: GraphWriter, source: WeightSource, layer: Linear): string {
  const { name, from, to, width, units } = layer
  const spread = { mean: 0, deviation: Math.sqrt(2 / width) }
  const weight = writer.weight(floats(source, `${name}.weight`, [width, units], spread))
  const bias = writer.weight(floats(source, `${name}.bias`, [units], { mean: 0, deviation: 0.02 }))
  return writer.node('Gemm', [from, weight, bias], to)
}

function floats(source: WeightSource, name: string, dims: readonly number[], spread: Spread) {
  const count = dims.reduce((product, size) => product * size, 1)
  const type: ElementType = 'float32'
  return {
    name,
    type,
    dims,
    content: () => floatBytes(seededWeights(source, name, count, spread)),
  }
}
