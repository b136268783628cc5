/**
 * A stage of a decoder, changed so that one run takes rows of several texts.
 *
 * Weights are what a step costs: they are read once for all rows of a run. So the rows of all texts
 * stand one behind another, [1, rows, width], and go through each matrix together. Only attention
 * tells the texts apart: Scan takes the keys and values of one text after another, each with its own
 * rows, where the runtime does not copy what it scans.
 *
 * Out come the keys and values of new rows alone, for whoever runs the stage to put where they belong:
 * onnxruntime-node hands out a copy of each output, and copies of everything that a text has seen cost
 * more than computing with it.
 *
 * Nothing of a text's arithmetic changes: its attention is the node that it was, for its rows alone,
 * and a row of a matrix product does not depend on the rows beside it, which is proved where it runs.
 *
 * @module
 */

import { graphAttribute, node, valueInfo } from '../onnx/author.ts'
import type { GraphProto, ModelProto, NodeProto, ValueInfoProto } from '../onnx/proto.ts'
import {
  addedName,
  isCacheName,
  KEPT_ROWS,
  LAST_POSITIONS,
  NEW_ROWS,
  TEXT_ROWS,
  TOTAL_LENGTH,
} from './decoder-tensors.ts'

/** Operator set from which all that is written here is understood. */
const OPSET_MIN = 13

/** Where inputs of GroupQueryAttention stand. */
const PAST_KEY = 3
const PAST_VALUE = 4
const LENGTHS = [5, 6] as const
/** Of keys and values: [batch, heads, position, headSize]. */
const POSITIONS_AXIS = 2
const TABLES = 7
const INPUTS_MAX = 9

/**
 * The same stage, with the names of text/decoder-tensors.ts for several texts.
 *
 * @returns Undefined when it has no attention, or looks at lengths and caches in another way than
 * GroupQueryAttention does.
 */
export function severalTexts(model: ModelProto): ModelProto | undefined {
  const { graph } = model
  const opset = model.opsetImport.find(({ domain }) => (domain ?? '') === '')?.version ?? 0
  if (graph === undefined || Number(opset) < OPSET_MIN) return undefined
  const attending = graph.node.filter(attends)
  if (attending.length === 0) return undefined
  const others = graph.node.filter((one) => !attends(one))
  const looksElsewhere = others.some(({ input }) => input.some(isTextLocal))
  if (looksElsewhere) return undefined
  return { ...model, graph: scannedGraph(graph) }
}

/** True for names of what each text has its own of. */
function isTextLocal(name: string): boolean {
  return name === LAST_POSITIONS || name === TOTAL_LENGTH || isCacheName(name)
}

/** True for attention that takes its text's caches and lengths, and no bias. */
function attends({ opType, input, output }: NodeProto): boolean {
  if (opType !== 'GroupQueryAttention' || input.length > INPUTS_MAX) return false
  const named = [input[PAST_KEY], input[PAST_VALUE], output[1], output[2]]
  const lengths = LENGTHS.map((at) => input[at])
  return (
    named.every((name) => name !== undefined && isCacheName(name)) &&
    lengths.join() === [LAST_POSITIONS, TOTAL_LENGTH].join()
  )
}

function scannedGraph(graph: GraphProto): GraphProto {
  const perText = (value: ValueInfoProto): ValueInfoProto => {
    const { name = '', type } = value
    if (!isTextLocal(name)) return value
    const dim = type?.tensorType?.shape?.dim ?? []
    // A length is one number of each text, also where the graph gave one for all.
    const own = isCacheName(name) ? [{ dimValue: 1 }, ...dim.slice(1)] : [{ dimValue: 1 }]
    const shape = { dim: [{ dimParam: 'texts' }, ...own] }
    return { ...value, type: { ...type, tensorType: { ...type?.tensorType, shape } } }
  }
  return {
    ...graph,
    node: graph.node.flatMap((one) => (attends(one) ? scannedAttention(one) : [one])),
    input: [
      ...graph.input.map(perText),
      valueInfo({ name: TEXT_ROWS, type: 'int64', dims: ['texts', 'padded'] }),
      valueInfo({ name: NEW_ROWS, type: 'int64', dims: ['texts', 'padded'] }),
      valueInfo({ name: KEPT_ROWS, type: 'int64', dims: [1, 'seq', 3] }),
    ],
    output: graph.output.map((value) => newRowsOf(perText(value))),
  }
}

/** Of keys and values [texts, 1, kvHeads, past, headSize] those of the rows that are new. */
function newRowsOf(value: ValueInfoProto): ValueInfoProto {
  const { name = '', type } = value
  if (!isCacheName(name)) return value
  const dim = type?.tensorType?.shape?.dim.with(1 + POSITIONS_AXIS, { dimParam: 'padded' }) ?? []
  const tensorType = { ...type?.tensorType, shape: { dim } }
  return { ...value, name: addedName(name), type: { ...type, tensorType } }
}

/** Attention of one text after another, and the rows of all of them in the order in which they came in. */
function scannedAttention(attention: NodeProto): readonly NodeProto[] {
  const [attended = '', presentKey = '', presentValue = ''] = attention.output
  const own = (name: string): string => `${attended}.text.${name}`
  const streams = attention.input.slice(0, PAST_KEY)
  const picked = streams.map((name, at) => (name === '' ? '' : own(`stream.${at}`)))
  const rows = own('rows')
  const locals = ['past.key', 'past.value', 'last', 'total'].map(own)
  const tables = attention.input.slice(TABLES)
  const outputs = ['attended', 'present.key', 'present.value'].map(own)
  const [attendedRows = '', ...presents] = outputs
  const added = ['added.key', 'added.value'].map(own)
  const newRows = own('new.rows')
  const body = {
    name: own('body'),
    node: [
      ...streams.flatMap((name, at) =>
        name === ''
          ? []
          : node('Gather', [name, rows], [picked[at] ?? ''], { attributes: { axis: 1 } }),
      ),
      { ...attention, input: [...picked, ...locals, ...tables], output: outputs },
      ...presents.map((name, at) =>
        node('Gather', [name, newRows], [added[at] ?? ''], {
          attributes: { axis: POSITIONS_AXIS },
        }),
      ),
    ],
    input: [
      valueInfo({ name: rows, type: 'int64', dims: [null] }),
      valueInfo({ name: newRows, type: 'int64', dims: [null] }),
      ...locals.map((name, at) =>
        at < 2
          ? valueInfo({ name, type: 'float32', dims: [1, null, null, null] })
          : valueInfo({ name, type: 'int32', dims: [1] }),
      ),
    ],
    output: [attendedRows, ...added].map((name, at) =>
      valueInfo({
        name,
        type: 'float32',
        dims: at === 0 ? [1, null, null] : [1, null, null, null],
      }),
    ),
  }
  const scanned = [TEXT_ROWS, NEW_ROWS, ...attention.input.slice(PAST_KEY, TABLES)]
  const all = own('all')
  const given = [all, addedName(presentKey), addedName(presentValue)]
  const scan = node('Scan', scanned, given, {
    attributes: { num_scan_inputs: scanned.length },
  })
  return [
    { ...scan, attribute: [...scan.attribute, graphAttribute('body', body)] },
    // [texts, 1, padded, width] by text, 0 and row.
    node('GatherND', [all, KEPT_ROWS], [attended]),
  ]
}
