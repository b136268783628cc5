import { describe, expect, it } from 'vitest'
import { externalised } from '../../test/fixtures/external-model.ts'
import { smallModel } from '../../test/fixtures/layered-model.ts'
import { accepted } from '../errors.ts'
import { entry } from '../onnx/author.ts'
import type { ModelProto } from '../onnx/proto.ts'
import { withoutExternalData } from './external-data.ts'
import { readGraph } from './graph.ts'

const { model, data } = externalised(smallModel(), 'small.onnx_data')

/** What becomes of the model when its first weight lies elsewhere. */
function outcome(places: Readonly<Record<string, string>>): string {
  const initializer = model.graph?.initializer.map((tensor, index) => {
    const externalData = Object.entries(places).map(([key, value]) => entry(key, value))
    return index === 0 ? { ...tensor, externalData } : tensor
  })
  const graph = model.graph && { ...model.graph, initializer: initializer ?? [] }
  const other: ModelProto = { ...model, ...(graph && { graph }) }
  const result = withoutExternalData(other)
  return result.type === 'refused' ? `${result.code}: ${result.reason}` : 'value'
}

describe('weights in another file', () => {
  it('are found where the file says', () => {
    const { model: bare, parts } = accepted(withoutExternalData(model))
    expect(parts).toEqual(
      ['w0', 'w1', 'w2', 'w3'].map((name, index) => ({
        name,
        type: 'float32',
        dims: [32, 32],
        file: 'small.onnx_data',
        offset: 4_096 * index,
        bytes: 4_096,
      })),
    )
    expect(data.length).toBe(4 * 4_096)
    expect(readGraph(bare, 'none').type).toBe('value')
    expect(readGraph(model, 'none')).toMatchObject({ code: 'ONNX_UNSUPPORTED' })
  })

  it('are none in a model that holds its own', () => {
    const whole = smallModel()
    expect(accepted(withoutExternalData(whole))).toEqual({ model: whole, parts: [] })
  })

  it('lie beside the model, and nowhere else', () => {
    expect(outcome({ location: 'weights.bin' })).toBe('value')
    for (const location of ['../x', '/etc/passwd', 'a/b', '.hidden', '', 'C:\\x']) {
      expect(outcome({ location })).toBe(
        'ONNX_UNSUPPORTED: expected weights in files beside the model',
      )
    }
    expect(outcome({})).toMatch('ONNX_UNSUPPORTED')
  })

  it('have the place and the size of their tensor', () => {
    const location = 'x'
    expect(outcome({ location, offset: '-1' })).toMatch('ONNX_MALFORMED')
    expect(outcome({ location, offset: '1e3' })).toMatch('ONNX_MALFORMED')
    expect(outcome({ location, offset: '9999999999999999' })).toMatch('ONNX_MALFORMED')
    expect(outcome({ location, length: '4095' })).toBe(
      'ONNX_GRAPH_INVALID: expected 4096 bytes of a tensor in another file',
    )
  })
})
