/**
 * The fields of every ONNX message: their numbers, names and kinds (onnx.proto of ONNX 1.19).
 *
 * Reader and writer both follow this table; proto.ts says the same as types.
 *
 * @module
 */

/** `packed` are the typed data of tensors, kept as bytes; `numbers…` lists may come packed or not. */
export type ScalarKind =
  | 'int'
  | 'float'
  | 'text'
  | 'bytes'
  | 'packed-varint'
  | 'packed-4'
  | 'packed-8'

export type MessageName =
  | 'model'
  | 'opset'
  | 'entry'
  | 'graph'
  | 'node'
  | 'attribute'
  | 'tensor'
  | 'sparse'
  | 'value'
  | 'type'
  | 'tensor-type'
  | 'element-type'
  | 'shape'
  | 'dimension'
  | 'function'

export interface Field {
  readonly number: number
  readonly name: string
  readonly kind: { readonly scalar: ScalarKind } | { readonly message: MessageName }
  readonly repeated: boolean
}

export interface MessageSchema {
  /** In ascending order of their numbers, the order in which protobuf writes. */
  readonly fields: readonly Field[]
  readonly byNumber: ReadonlyMap<number, Field>
  /** Names of the repeated fields. */
  readonly lists: readonly string[]
}

/** `number name kind`, with `*` after the kind of a repeated field and `@` before a message's name. */
const TABLE: Readonly<Record<MessageName, string>> = {
  model: `1 irVersion int, 2 producerName text, 3 producerVersion text, 4 domain text,
    5 modelVersion int, 6 docString bytes, 7 graph @graph, 8 opsetImport @opset*,
    14 metadataProps @entry*, 25 functions @function*`,
  opset: '1 domain text, 2 version int',
  entry: '1 key text, 2 value text',
  graph: `1 node @node*, 2 name text, 5 initializer @tensor*, 10 docString bytes,
    11 input @value*, 12 output @value*, 13 valueInfo @value*,
    14 quantizationAnnotation bytes*, 15 sparseInitializer @sparse*, 16 metadataProps @entry*`,
  node: `1 input text*, 2 output text*, 3 name text, 4 opType text, 5 attribute @attribute*,
    6 docString bytes, 7 domain text, 8 overload text, 9 metadataProps @entry*`,
  attribute: `1 name text, 2 f float, 3 i int, 4 s bytes, 5 t @tensor, 6 g @graph,
    7 floats float*, 8 ints int*, 9 strings bytes*, 10 tensors @tensor*, 11 graphs @graph*,
    13 docString bytes, 14 tp @type, 15 typeProtos @type*, 20 type int, 21 refAttrName text,
    22 sparseTensor @sparse, 23 sparseTensors @sparse*`,
  tensor: `1 dims int*, 2 dataType int, 3 segment bytes, 4 floatData packed-4*,
    5 int32Data packed-varint*, 6 stringData bytes*, 7 int64Data packed-varint*, 8 name text,
    9 rawData bytes, 10 doubleData packed-8*, 11 uint64Data packed-varint*, 12 docString bytes,
    13 externalData @entry*, 14 dataLocation int, 16 metadataProps @entry*`,
  sparse: '1 values @tensor, 2 indices @tensor, 3 dims int*',
  value: '1 name text, 2 type @type, 3 docString bytes, 4 metadataProps @entry*',
  type: `1 tensorType @tensor-type, 4 sequenceType @element-type, 5 mapType bytes,
    6 denotation text, 9 optionalType @element-type`,
  'tensor-type': '1 elemType int, 2 shape @shape',
  'element-type': '1 elemType @type',
  shape: '1 dim @dimension*',
  dimension: '1 dimValue int, 2 dimParam text, 3 denotation text',
  function: `1 name text, 4 input text*, 5 output text*, 6 attribute text*, 7 node @node*,
    8 docString bytes, 9 opsetImport @opset*, 10 domain text, 11 attributeProto @attribute*,
    12 valueInfo @value*, 13 overload text, 14 metadataProps @entry*`,
}

/** The schema of every message. */
export const SCHEMA = Object.fromEntries(
  Object.entries(TABLE).map(([name, rows]) => [name, schemaOf(rows)]),
) as Readonly<Record<MessageName, MessageSchema>>

function schemaOf(rows: string): MessageSchema {
  const fields = rows.split(',').map((row) => fieldOf(row.trim()))
  return {
    fields,
    byNumber: new Map(fields.map((field) => [field.number, field])),
    lists: fields.filter((field) => field.repeated).map((field) => field.name),
  }
}

function fieldOf(row: string): Field {
  const [number = '', name = '', kind = ''] = row.split(' ')
  const repeated = kind.endsWith('*')
  const word = repeated ? kind.slice(0, -1) : kind
  return {
    number: Number(number),
    name,
    repeated,
    kind: word.startsWith('@')
      ? { message: word.slice(1) as MessageName }
      : { scalar: word as ScalarKind },
  }
}
