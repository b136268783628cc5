/**
 * Quantised weights of GGUF files as integers, scales and offsets (the block_* structures of ggml).
 *
 * @module
 */

import type { BlockFormat } from '../checkpoint/file-tensor.ts'

const half = (view: DataView, at: number): number => view.getFloat16(at, true)

const firstHalf: BlockFormat['scales'] = (view, at, scales) => {
  scales[0] = half(view, at)
}

const noOffsets: BlockFormat['offsets'] = (_, __, offsets) => {
  offsets.fill(0)
}

/** Units of 32 weights with one scale: a byte holds weight `i` in its low half and `i + 16` in its high one. */
const SMALL = { kind: 'blocks', block: 32, unitWeights: 32, scales: firstHalf } as const

const nibblesAt =
  (nibbles: number): BlockFormat['levels'] =>
  (view, at, levels) => {
    for (let index = 0; index < 16; index++) {
      const byte = view.getUint8(at + nibbles + index)
      levels[index] = (byte & 15) - 8
      levels[index + 16] = (byte >> 4) - 8
    }
  }

/** The same with a fifth bit for each weight, in 32 bits of their own. */
const fiveBitsAt =
  (fifths: number): BlockFormat['levels'] =>
  (view, at, levels) => {
    const high = view.getUint32(at + fifths, true)
    for (let index = 0; index < 16; index++) {
      const byte = view.getUint8(at + fifths + 4 + index)
      levels[index] = ((byte & 15) | (((high >>> index) & 1) << 4)) - 16
      levels[index + 16] = ((byte >> 4) | (((high >>> (index + 16)) & 1) << 4)) - 16
    }
  }

/** Formats that count from zero up from a least weight, the second half in the unit. */
const leastPlus =
  (steps: number): BlockFormat['offsets'] =>
  (view, at, offsets) => {
    offsets[0] = half(view, at + 2) + steps * half(view, at)
  }

export const Q4_0: BlockFormat = {
  ...SMALL,
  name: 'Q4_0',
  bits: 4,
  unitBytes: 18,
  hasOffsets: false,
  levels: nibblesAt(2),
  offsets: noOffsets,
}

export const Q4_1: BlockFormat = {
  ...SMALL,
  name: 'Q4_1',
  bits: 4,
  unitBytes: 20,
  hasOffsets: true,
  levels: nibblesAt(4),
  offsets: leastPlus(8),
}

export const Q5_0: BlockFormat = {
  ...SMALL,
  name: 'Q5_0',
  bits: 8,
  unitBytes: 22,
  hasOffsets: false,
  levels: fiveBitsAt(2),
  offsets: noOffsets,
}

export const Q5_1: BlockFormat = {
  ...SMALL,
  name: 'Q5_1',
  bits: 8,
  unitBytes: 24,
  hasOffsets: true,
  levels: fiveBitsAt(4),
  offsets: leastPlus(16),
}

export const Q8_0: BlockFormat = {
  ...SMALL,
  name: 'Q8_0',
  bits: 8,
  unitBytes: 34,
  hasOffsets: false,
  levels: (view, at, levels) => {
    for (let index = 0; index < 32; index++) levels[index] = view.getInt8(at + 2 + index)
  },
  offsets: noOffsets,
}

/** Units of 256 weights: two halves, then twelve bytes with the scales and least weights of eight blocks. */
const LARGE = { kind: 'blocks', block: 32, unitWeights: 256, hasOffsets: true } as const

/** Six bits of scale and six of least weight for one of eight blocks, as twelve bytes hold them. */
function sixBits(view: DataView, at: number, block: number): readonly [number, number] {
  const byte = (index: number): number => view.getUint8(at + index)
  if (block < 4) return [byte(block) & 63, byte(block + 4) & 63]
  const low = byte(block + 4)
  return [(low & 15) | ((byte(block - 4) >> 6) << 4), (low >> 4) | ((byte(block) >> 6) << 4)]
}

const largeScales: BlockFormat['scales'] = (view, at, scales) => {
  for (let block = 0; block < 8; block++) {
    scales[block] = half(view, at) * sixBits(view, at + 4, block)[0]
  }
}

const largeOffsets =
  (steps: number): BlockFormat['offsets'] =>
  (view, at, offsets) => {
    for (let block = 0; block < 8; block++) {
      const [scale, least] = sixBits(view, at + 4, block)
      offsets[block] = steps * half(view, at) * scale - half(view, at + 2) * least
    }
  }

export const Q4_K: BlockFormat = {
  ...LARGE,
  name: 'Q4_K',
  bits: 4,
  unitBytes: 144,
  // A run of 32 bytes holds one block in its low halves and the next in its high ones.
  levels: (view, at, levels) => {
    for (let index = 0; index < 128; index++) {
      const byte = view.getUint8(at + 16 + index)
      const weight = 2 * (index & ~31) + (index & 31)
      levels[weight] = (byte & 15) - 8
      levels[weight + 32] = (byte >> 4) - 8
    }
  },
  scales: largeScales,
  offsets: largeOffsets(8),
}

export const Q5_K: BlockFormat = {
  ...LARGE,
  name: 'Q5_K',
  bits: 8,
  unitBytes: 176,
  // As Q4_K, with the fifth bits of block b in bit b of 32 bytes.
  levels: (view, at, levels) => {
    for (let index = 0; index < 128; index++) {
      const byte = view.getUint8(at + 48 + index)
      const fifths = view.getUint8(at + 16 + (index & 31)) >> (2 * (index >> 5))
      const weight = 2 * (index & ~31) + (index & 31)
      levels[weight] = ((byte & 15) | ((fifths & 1) << 4)) - 16
      levels[weight + 32] = ((byte >> 4) | ((fifths & 2) << 3)) - 16
    }
  },
  scales: largeScales,
  offsets: largeOffsets(16),
}

export const Q6_K: BlockFormat = {
  kind: 'blocks',
  name: 'Q6_K',
  bits: 8,
  block: 16,
  unitWeights: 256,
  unitBytes: 210,
  hasOffsets: false,
  // For each half: 64 bytes of four low bits, then (after both halves' low bits) 32 bytes of two high bits.
  levels: (view, at, levels) => {
    for (let index = 0; index < 64; index++) {
      const side = index >> 5
      const column = index & 31
      const low = view.getUint8(at + 64 * side + column)
      const next = view.getUint8(at + 64 * side + column + 32)
      const high = view.getUint8(at + 128 + index)
      const weight = 128 * side + column
      levels[weight] = ((low & 15) | ((high & 3) << 4)) - 32
      levels[weight + 32] = ((next & 15) | (((high >> 2) & 3) << 4)) - 32
      levels[weight + 64] = ((low >> 4) | (((high >> 4) & 3) << 4)) - 32
      levels[weight + 96] = ((next >> 4) | ((high >> 6) << 4)) - 32
    }
  },
  scales: (view, at, scales) => {
    for (let block = 0; block < 16; block++) {
      scales[block] = half(view, at + 208) * view.getInt8(at + 192 + block)
    }
  },
  offsets: noOffsets,
}
