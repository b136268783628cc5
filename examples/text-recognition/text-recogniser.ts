/**
 * Reads the text off a picture with three networks: where, which way up, and what.
 *
 * It does not know where the networks run. Each step hands all its inputs over
 * at once, so that whoever runs them may spread them over devices.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import { decodeCtc, halfWidth, type Alphabet, type Reading } from './ctc.ts'
import { TextError } from './errors.ts'
import { distance, type Quad } from './geometry.ts'
import { halfTurn, type RgbImage } from './image.ts'
import { ANGLE_WIDTH } from './limits.ts'
import { detectionInput, detectionSize, lineInput, paddedLineWidth } from './network-input.ts'
import { readingOrder } from './reading-order.ts'
import { straighten, type Size } from './resample.ts'
import { textRegions, type RegionInit, type TextRegion } from './text-regions.ts'

/** The three networks: where text is, which way up it is, what it says. */
export type TextNetwork = 'det' | 'cls' | 'rec'

/**
 * Runs a network once for each element of `inputs` and gives the outputs in the same order.
 *
 * The elements do not depend on one another: they may run anywhere, at once.
 */
export type Infer = (
  network: TextNetwork,
  inputs: readonly (readonly Tensor[])[],
  signal?: AbortSignal,
) => Promise<readonly (readonly Tensor[])[]>

export interface TextRecogniserComponents {
  readonly infer: Infer
  /** The classes of the recognition network. */
  readonly alphabet: Alphabet
}

export interface TextRecogniserInit extends RegionInit {
  /** Longer side of the picture as the detection network sees it, in pixels. */
  readonly detectionSideMax: number
  /** A line is turned when the angle network is at least this sure that it is upside down, in [0, 1]. */
  readonly turnScoreMin: number
  /** A space is read where its chance reaches this, in (0, 1]. */
  readonly spaceChanceMin: number
  /** Lines read with less confidence are dropped, in [0, 1]. */
  readonly confidenceMin: number
}

/** PaddleOCR's settings, but for a smaller picture: quick, and enough for a page of this size. */
export const TEXT_RECOGNISER_DEFAULTS: TextRecogniserInit = {
  detectionSideMax: 736,
  threshold: 0.3,
  scoreMin: 0.6,
  growth: 1.5,
  sideMin: 3,
  turnScoreMin: 0.9,
  spaceChanceMin: 0.01,
  confidenceMin: 0.5,
}

/** A line of text and where it stands on the picture. */
export interface TextLine extends Reading {
  /** Its corners, from where the text begins at the top, clockwise. */
  readonly quad: Quad
}

/** Reads pictures. Holds no state between two. */
export class TextRecogniser {
  readonly #components: TextRecogniserComponents
  readonly #init: TextRecogniserInit

  constructor(components: TextRecogniserComponents, init = TEXT_RECOGNISER_DEFAULTS) {
    this.#components = components
    this.#init = init
  }

  /**
   * The lines of text on `image`, in reading order.
   *
   * @throws {TextError} TEXT_OUTPUT_INVALID when a network's outputs do not have its shape.
   */
  async read(image: RgbImage, signal?: AbortSignal): Promise<TextLine[]> {
    const regions = readingOrder(await this.#detect(image, signal))
    const lines = regions.map(({ quad }) => ({ quad, image: cutLine(image, quad) }))
    const turned = await this.#turn(lines, signal)
    return await this.#recognise(turned, signal)
  }

  async #detect(image: RgbImage, signal?: AbortSignal): Promise<TextRegion[]> {
    const size = detectionSize(image, this.#init.detectionSideMax)
    const [map] = await this.#infer('det', [detectionInput(image, size)], signal)
    expectDims('det', map, [1, 1, size.height, size.width])
    return textRegions({ ...size, values: floats(map) }, image, this.#init)
  }

  async #turn(lines: readonly CutLine[], signal?: AbortSignal): Promise<CutLine[]> {
    const inputs = lines.map((line) => lineInput(line.image, ANGLE_WIDTH))
    const outputs = await this.#infer('cls', inputs, signal)
    return lines.map((line, index) => {
      const output = outputs[index]
      expectDims('cls', output, [1, 2])
      const upsideDown = floats(output)[1] as number
      return upsideDown >= this.#init.turnScoreMin ? turnedLine(line) : line
    })
  }

  async #recognise(lines: readonly CutLine[], signal?: AbortSignal): Promise<TextLine[]> {
    const { alphabet } = this.#components
    const inputs = lines.map((line) => lineInput(line.image, paddedLineWidth(line.image)))
    const outputs = await this.#infer('rec', inputs, signal)
    const read = lines.map(({ quad }, index) => {
      const output = outputs[index]
      expectDims('rec', output, [1, output?.dims[1] ?? 0, alphabet.length])
      const reading = decodeCtc(floats(output), alphabet, this.#init.spaceChanceMin)
      return { quad, text: halfWidth(reading.text), confidence: reading.confidence }
    })
    return read.filter((line) => line.confidence >= this.#init.confidenceMin)
  }

  /** The one output of `network` for each of `inputs`. */
  async #infer(
    network: TextNetwork,
    inputs: readonly Tensor[],
    signal?: AbortSignal,
  ): Promise<(Tensor | undefined)[]> {
    if (inputs.length === 0) return []
    const runs = inputs.map((input) => [input])
    const outputs = await this.#components.infer(network, runs, signal)
    return inputs.map((_, index) => outputs[index]?.[0])
  }
}

/** A line cut out of its picture, the text level. */
interface CutLine {
  readonly quad: Quad
  readonly image: RgbImage
}

function cutLine(image: RgbImage, quad: Quad): RgbImage {
  const [a, b, c, d] = quad
  const size: Size = {
    width: Math.max(1, Math.round(Math.max(distance(a, b), distance(d, c)))),
    height: Math.max(1, Math.round(Math.max(distance(a, d), distance(b, c)))),
  }
  return straighten(image, quad, size)
}

function turnedLine({ quad, image }: CutLine): CutLine {
  const [a, b, c, d] = quad
  return { quad: [c, d, a, b], image: halfTurn(image) }
}

function expectDims(
  network: TextNetwork,
  output: Tensor | undefined,
  dims: readonly number[],
): asserts output is Tensor {
  const got = output && `${output.type} [${output.dims.join(',')}]`
  const expected = `float32 [${dims.join(',')}]`
  if (got === expected) return
  const problem = `expected ${expected}, got ${got ?? 'nothing'}`
  throw new TextError({ code: 'TEXT_OUTPUT_INVALID', model: network, problem }, problem)
}

/** The values of a float32 tensor; a copy only where its bytes do not lie at a multiple of four. */
function floats({ data }: Tensor): Float32Array {
  const bytes = data.byteOffset % 4 === 0 ? data : data.slice()
  return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4)
}
