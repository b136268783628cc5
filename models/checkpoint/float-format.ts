/**
 * Plain numbers of files with weights.
 *
 * @module
 */

import type { FloatFormat } from './file-tensor.ts'

const bits = new DataView(new ArrayBuffer(4))

/** The upper half of a float. */
function bfloat16(view: DataView, at: number): number {
  bits.setUint32(0, view.getUint16(at, true) << 16)
  return bits.getFloat32(0)
}

export const F32: FloatFormat = {
  kind: 'float',
  name: 'F32',
  unitWeights: 1,
  unitBytes: 4,
  read: (view, at) => view.getFloat32(at, true),
}

export const F16: FloatFormat = {
  kind: 'float',
  name: 'F16',
  unitWeights: 1,
  unitBytes: 2,
  read: (view, at) => view.getFloat16(at, true),
}

export const BF16: FloatFormat = {
  kind: 'float',
  name: 'BF16',
  unitWeights: 1,
  unitBytes: 2,
  read: bfloat16,
}
