/**
 * The messages of an ONNX file, as types (onnx.proto of ONNX 1.19, IR version 12).
 *
 * A field that the file does not have is undefined, an absent list is empty, and
 * what a newer schema added stays in `unknown`, so that writing gives the same bytes.
 * Integers are bigint only beyond 2^53.
 *
 * @module
 */

/** A 64-bit integer: bigint only where a number would not be exact. */
export type Int64 = number | bigint

/** Fields that the schema does not know: each with its tag, as it stood in the file. */
export interface Unknown {
  readonly unknown?: readonly Uint8Array[]
}

export interface ModelProto extends Unknown {
  readonly irVersion?: Int64
  readonly producerName?: string
  readonly producerVersion?: string
  readonly domain?: string
  readonly modelVersion?: Int64
  readonly docString?: Uint8Array
  readonly graph?: GraphProto
  readonly opsetImport: readonly OperatorSetIdProto[]
  readonly metadataProps: readonly StringStringEntryProto[]
  readonly functions: readonly FunctionProto[]
}

export interface OperatorSetIdProto extends Unknown {
  readonly domain?: string
  readonly version?: Int64
}

export interface StringStringEntryProto extends Unknown {
  readonly key?: string
  readonly value?: string
}

export interface GraphProto extends Unknown {
  readonly node: readonly NodeProto[]
  readonly name?: string
  readonly initializer: readonly TensorProto[]
  readonly docString?: Uint8Array
  readonly input: readonly ValueInfoProto[]
  readonly output: readonly ValueInfoProto[]
  readonly valueInfo: readonly ValueInfoProto[]
  readonly quantizationAnnotation: readonly Uint8Array[]
  readonly sparseInitializer: readonly SparseTensorProto[]
  readonly metadataProps: readonly StringStringEntryProto[]
}

export interface NodeProto extends Unknown {
  /** Names of what it takes; an optional input that is left out is the empty text. */
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly name?: string
  readonly opType?: string
  readonly attribute: readonly AttributeProto[]
  readonly docString?: Uint8Array
  readonly domain?: string
  readonly overload?: string
  readonly metadataProps: readonly StringStringEntryProto[]
}

export interface AttributeProto extends Unknown {
  readonly name?: string
  readonly f?: number
  readonly i?: Int64
  readonly s?: Uint8Array
  readonly t?: TensorProto
  readonly g?: GraphProto
  readonly floats: readonly number[]
  readonly ints: readonly Int64[]
  readonly strings: readonly Uint8Array[]
  readonly tensors: readonly TensorProto[]
  readonly graphs: readonly GraphProto[]
  readonly docString?: Uint8Array
  readonly tp?: TypeProto
  readonly typeProtos: readonly TypeProto[]
  readonly type?: Int64
  readonly refAttrName?: string
  readonly sparseTensor?: SparseTensorProto
  readonly sparseTensors: readonly SparseTensorProto[]
}

export interface TensorProto extends Unknown {
  readonly dims: readonly Int64[]
  /** See element-type.ts. */
  readonly dataType?: Int64
  readonly segment?: Uint8Array
  /** Packed elements as they stand in the file, here and in the four fields below. */
  readonly floatData: readonly Uint8Array[]
  readonly int32Data: readonly Uint8Array[]
  readonly stringData: readonly Uint8Array[]
  readonly int64Data: readonly Uint8Array[]
  readonly name?: string
  readonly rawData?: Uint8Array
  readonly doubleData: readonly Uint8Array[]
  readonly uint64Data: readonly Uint8Array[]
  readonly docString?: Uint8Array
  readonly externalData: readonly StringStringEntryProto[]
  /** 1 when the bytes lie in another file. */
  readonly dataLocation?: Int64
  readonly metadataProps: readonly StringStringEntryProto[]
}

export interface SparseTensorProto extends Unknown {
  readonly values?: TensorProto
  readonly indices?: TensorProto
  readonly dims: readonly Int64[]
}

export interface ValueInfoProto extends Unknown {
  readonly name?: string
  readonly type?: TypeProto
  readonly docString?: Uint8Array
  readonly metadataProps: readonly StringStringEntryProto[]
}

export interface TypeProto extends Unknown {
  readonly tensorType?: TensorTypeProto
  readonly sequenceType?: ElementTypeProto
  readonly mapType?: Uint8Array
  readonly denotation?: string
  readonly optionalType?: ElementTypeProto
}

export interface TensorTypeProto extends Unknown {
  readonly elemType?: Int64
  readonly shape?: TensorShapeProto
}

export interface ElementTypeProto extends Unknown {
  readonly elemType?: TypeProto
}

export interface TensorShapeProto extends Unknown {
  readonly dim: readonly DimensionProto[]
}

export interface DimensionProto extends Unknown {
  readonly dimValue?: Int64
  readonly dimParam?: string
  readonly denotation?: string
}

export interface FunctionProto extends Unknown {
  readonly name?: string
  readonly input: readonly string[]
  readonly output: readonly string[]
  readonly attribute: readonly string[]
  readonly node: readonly NodeProto[]
  readonly docString?: Uint8Array
  readonly opsetImport: readonly OperatorSetIdProto[]
  readonly domain?: string
  readonly attributeProto: readonly AttributeProto[]
  readonly valueInfo: readonly ValueInfoProto[]
  readonly overload?: string
  readonly metadataProps: readonly StringStringEntryProto[]
}
