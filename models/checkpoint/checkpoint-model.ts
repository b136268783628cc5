/**
 * The decoder that files hold, as a graph and the weights that fill it.
 *
 * @module
 */

import { writeDecoderGraph, type DecoderOutline, type Past } from '../builder/decoder-graph.ts'
import { GraphWriter } from '../builder/graph-writer.ts'
import type { TextWords } from '../text/text-outline.ts'
import { CheckpointParts } from './checkpoint-parts.ts'
import type { Checkpoint, FileDecoder, Quantisation } from './file-decoder.ts'
import type { RoundingLoss } from './rounded-blocks.ts'
import type { FileWeight } from './weight-rows.ts'

/** What is to be made of files. */
export interface DecoderWish {
  readonly past: Past
  readonly quantisation: Quantisation
}

export interface CheckpointModel extends DecoderOutline<FileWeight> {
  /** What the files hold, for people. */
  readonly description: string
  /** What the files say of their licence. */
  readonly licence: string | undefined
  /** Longest text, in tokens. */
  readonly positionsMax: number
  /** What the files say about text. */
  readonly words: TextWords
  /** What was lost by `quantisation`, known when all weights are written. */
  readonly loss: RoundingLoss
}

export interface CheckpointInit {
  readonly checkpoint: Checkpoint
  readonly decoder: FileDecoder
  readonly words: TextWords
  readonly licence: string | undefined
  readonly quantisation: Quantisation
}

/** Weights that are quantised in the files keep their integers and scales: nothing is rounded again. */
export function checkpointModel(init: CheckpointInit): CheckpointModel {
  const { checkpoint, decoder, words, licence, quantisation } = init
  const parts = new CheckpointParts(checkpoint, decoder, quantisation)
  const outline = writeDecoderGraph(new GraphWriter<FileWeight>(), decoder, parts)
  parts.checkAllUsed()
  const formats = new Set([...checkpoint.tensors.values()].map(({ format }) => format.name))
  const description = `${decoder.architecture}, ${[...formats].toSorted().join(', ')}`
  const { positionsMax } = decoder
  return { ...outline, description, licence, positionsMax, words, loss: parts.loss }
}
