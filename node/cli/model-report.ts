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
export function modelListLines({ models, storeBytes, storeBytesMax }: ModelList): string[] {
  const room = `store: ${bytesText(storeBytes)} of ${bytesText(storeBytesMax)}`
  if (models.length === 0) return ['no model yet: brume model import FILE.onnx', room]
  const columns = [
    { title: 'model' },
    { title: 'name' },
    { title: 'layers', align: 'right' },
    { title: 'size', align: 'right' },
    { title: 'missing', align: 'right' },
    { title: 'licence' },
  ] as const
  const rows = models.map((model) => [
    shortId(model.id),
    model.name,
    String(model.layers),
    bytesText(model.bytes),
    bytesText(model.missingBytes),
    model.licence ?? '',
  ])
  return [...tableLines(columns, rows), room]
}

/** One model: inputs, outputs, layers and the width of each cut. */
export function modelDetailLines(model: ModelDetail): string[] {
  const columns = [
    { title: 'layer', align: 'right' },
    { title: 'name' },
    { title: 'nodes', align: 'right' },
    { title: 'weights', align: 'right' },
    { title: 'Mflop', align: 'right' },
    { title: 'cut after', align: 'right' },
  ] as const
  const rows = model.layerList.map((layer) => [
    String(layer.index),
    layer.name,
    String(layer.nodes),
    bytesText(layer.weightBytes),
    layer.megaflops.toFixed(1),
    layer.cutBytes === 0 ? '' : bytesText(layer.cutBytes),
  ])
  return [
    modelSummaryLine(model),
    `  id       ${model.id}`,
    `  licence  ${model.licence ?? 'not stated'}`,
    ...model.inputs.map((spec) => `  input    ${spec.name} ${spec.type}${shapeText(spec.dims)}`),
    ...model.outputs.map((spec) => `  output   ${spec.name} ${spec.type}${shapeText(spec.dims)}`),
    '',
    ...tableLines(columns, rows),
  ]
}
