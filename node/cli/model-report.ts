/**
 * Models in words and columns.
 *
 * @module
 */

import { shapeText } from '../../core/tensor.ts'
import type { ModelDetail, ModelList, ModelSummary } from '../api/schemas/models.ts'
import { bytesText, countText, shortId } from './quantity-text.ts'
import { tableLines } from './table.ts'

/** A model in one line. */
export function modelSummaryLine(model: ModelSummary): string {
  const missing =
    model.missingBytes === 0 ? '' : `, ${bytesText(model.missingBytes)} of them not here`
  return `${model.name} (${shortId(model.id)}): ${countText(model.layers, 'layer')}, ${bytesText(model.bytes)}${missing}`
}

/** All models, and how much room they take. */
export function modelListLines(
  { models, storeBytes, storeBytesMax }: ModelList,
  width?: number,
): string[] {
  const room = `store: ${bytesText(storeBytes)} of ${bytesText(storeBytesMax)}`
  if (models.length === 0) return ['no model yet: brume model import FILE', room]
  const columns = [
    { title: 'model', spare: 1 },
    { title: 'name' },
    { title: 'layers', align: 'right', spare: 3 },
    { title: 'size', align: 'right' },
    { title: 'missing', align: 'right', spare: 2 },
    { title: 'licence', spare: 4 },
  ] as const
  const rows = models.map((model) => [
    shortId(model.id),
    model.name,
    String(model.layers),
    bytesText(model.bytes),
    bytesText(model.missingBytes),
    model.licence ?? '',
  ])
  return [...tableLines(columns, rows, width), room]
}

/** One model: inputs, outputs, layers and the width of each cut. */
export function modelDetailLines(model: ModelDetail, width?: number): string[] {
  const columns = [
    { title: 'layer', align: 'right' },
    { title: 'name' },
    { title: 'nodes', align: 'right', spare: 2 },
    { title: 'weights', align: 'right' },
    { title: 'Mflop', align: 'right', spare: 1 },
    { title: 'cut after', align: 'right' },
  ] as const
  const rows = model.layerList.map((layer) => [
    String(layer.index),
    layer.name,
    String(layer.nodes),
    bytesText(layer.weightBytes),
    megaflopsText(layer.megaflops),
    layer.cutBytes === 0 ? '' : bytesText(layer.cutBytes),
  ])
  return [
    modelSummaryLine(model),
    `  id       ${model.id}`,
    `  licence  ${model.licence ?? 'not stated'}`,
    ...textLines(model),
    ...model.inputs.map((spec) => `  input    ${spec.name} ${spec.type}${shapeText(spec.dims)}`),
    ...model.outputs.map((spec) => `  output   ${spec.name} ${spec.type}${shapeText(spec.dims)}`),
    '',
    ...tableLines(columns, rows, width),
  ]
}

function textLines({ text }: ModelDetail): string[] {
  if (text === undefined) return []
  const tokens = `${countText(text.vocabulary, 'token')}, context of ${text.contextTokens}`
  const words = text.tokenizer
    ? `tokenizer${text.chatTemplate ? ' and chat template' : ''}`
    : 'no tokenizer'
  return [
    `  text     ${tokens}, ${words}`,
    `  cache    ${bytesText(text.cacheBytesPerToken)} of keys and values for each token`,
  ]
}

/** Two digits where they count: layers range from a few operations to billions. */
function megaflopsText(value: number): string {
  if (value > 0 && value < 0.01) return '< 0.01'
  return value < 10 ? String(Number(value.toPrecision(2))) : value.toFixed(0)
}
