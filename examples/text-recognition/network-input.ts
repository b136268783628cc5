/**
 * Pictures as the networks take them: planes of floats, first blue, then green, then red.
 *
 * PaddleOCR trained on pictures in OpenCV's order of channels; given red first,
 * the networks still work but read coloured text worse.
 *
 * @module
 */

import type { Tensor } from '../../core/tensor.ts'
import type { RgbImage } from './image.ts'
import { LINE_HEIGHT, LINE_WIDTHS } from './limits.ts'
import { resize, type Size } from './resample.ts'

/** The name of the one input of each of the three networks. */
const INPUT_NAME = 'x'

/** Strides of the detection network: both sides of its input are multiples of this, in pixels. */
const DETECTION_STEP = 32

/** What `value / 255` is less and divided by, for the planes in their order. */
interface Normalisation {
  readonly mean: readonly [number, number, number]
  readonly deviation: readonly [number, number, number]
}

const DETECTION: Normalisation = {
  mean: [0.485, 0.456, 0.406],
  deviation: [0.229, 0.224, 0.225],
}
const LINE: Normalisation = { mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5] }

/**
 * The size at which a picture is searched for text: never larger than it is, up to rounding.
 *
 * @param sideMax - Bound of the longer side in pixels, before rounding to a multiple of 32.
 *
 * @example
 * ```ts
 * detectionSize({ width: 1000, height: 750 }, 736) // => { width: 736, height: 544 }
 * ```
 */
export function detectionSize(size: Size, sideMax: number): Size {
  const scale = Math.min(1, sideMax / Math.max(size.width, size.height))
  const fit = (side: number): number =>
    Math.max(DETECTION_STEP, Math.round((side * scale) / DETECTION_STEP) * DETECTION_STEP)
  return { width: fit(size.width), height: fit(size.height) }
}

/** The input [1, 3, height, width] of the detection network. */
export function detectionInput(image: RgbImage, size: Size): Tensor {
  return planes(resize(image, size), size, DETECTION)
}

/**
 * The input [1, 3, 48, width] of the angle and recognition networks: a line at
 * the left, and nothing (zero) to the right of it. A longer line is squeezed.
 */
export function lineInput(line: RgbImage, width: number): Tensor {
  const fitted = Math.min(width, lineWidth(line))
  return planes(resize(line, { width: fitted, height: LINE_HEIGHT }), paddedTo(width), LINE)
}

/** The narrowest width of {@link LINE_WIDTHS} that holds `line` at 48 pixels height; the widest when none does. */
export function paddedLineWidth(line: RgbImage): number {
  const needed = lineWidth(line)
  return LINE_WIDTHS.find((width) => width >= needed) ?? (LINE_WIDTHS.at(-1) as number)
}

function lineWidth(line: RgbImage): number {
  return Math.max(1, Math.ceil((LINE_HEIGHT * line.width) / line.height))
}

function paddedTo(width: number): Size {
  return { width, height: LINE_HEIGHT }
}

/** `image` at the top left of a tensor of `size`, normalised; zero elsewhere. */
function planes(image: RgbImage, size: Size, { mean, deviation }: Normalisation): Tensor {
  const area = size.width * size.height
  const values = new Float32Array(area * 3)
  for (let plane = 0; plane < 3; plane++) {
    const less = mean[plane] as number
    const by = deviation[plane] as number
    for (let y = 0; y < image.height; y++) {
      for (let x = 0; x < image.width; x++) {
        const byte = image.pixels[(y * image.width + x) * 3 + 2 - plane] as number
        values[plane * area + y * size.width + x] = (byte / 255 - less) / by
      }
    }
  }
  return {
    name: INPUT_NAME,
    type: 'float32',
    dims: [1, 3, size.height, size.width],
    data: new Uint8Array(values.buffer),
  }
}
