/**
 * Pictures: red, green and blue bytes, from and to PNG.
 *
 * The size is read and judged before any pixel is unpacked, so a small file
 * that claims a huge picture costs nothing.
 *
 * @module
 */

import { PNG } from 'pngjs'
import { TextError } from './errors.ts'
import { IMAGE_PIXELS_MAX, IMAGE_SIDE_MAX, PNG_BYTES_MAX } from './limits.ts'

/** A picture without transparency. */
export interface RgbImage {
  /** Pixels in a row, from 1. */
  readonly width: number
  /** Rows, from 1. */
  readonly height: number
  /** Rows from the top, three bytes a pixel: red, green, blue. */
  readonly pixels: Uint8Array
}

/** Where the first eight bytes of every PNG file and its IHDR chunk end (PNG, sections 5.2 and 11.2.2). */
const HEADER_BYTES = 33
const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10]

/**
 * The picture in the bytes of a PNG file, laid on white where it is transparent.
 *
 * @throws {TextError} TEXT_IMAGE_INVALID when the bytes are no PNG; TEXT_IMAGE_TOO_LARGE beyond the limits.
 */
export function decodePng(bytes: Uint8Array): RgbImage {
  checkHeader(bytes)
  const { width, height, data } = unpack(bytes)
  const pixels = new Uint8Array(width * height * 3)
  for (let pixel = 0; pixel < width * height; pixel++) {
    const alpha = (data[pixel * 4 + 3] ?? 255) / 255
    for (let channel = 0; channel < 3; channel++) {
      const value = data[pixel * 4 + channel] ?? 0
      pixels[pixel * 3 + channel] = Math.round(value * alpha + 255 * (1 - alpha))
    }
  }
  return { width, height, pixels }
}

/** `image` as a PNG file. */
export function encodePng(image: RgbImage): Uint8Array {
  const { width, height, pixels } = image
  return PNG.sync.write({ width, height, data: pixels }, { colorType: 2, inputHasAlpha: false })
}

/** A picture of one colour. */
export function blankImage(
  width: number,
  height: number,
  colour: readonly [number, number, number],
): RgbImage {
  const pixels = new Uint8Array(width * height * 3)
  for (let at = 0; at < pixels.length; at += 3) pixels.set(colour, at)
  return { width, height, pixels }
}

/** `image` turned by half a turn: the same pixels, last first. */
export function halfTurn(image: RgbImage): RgbImage {
  const { width, height, pixels } = image
  const turned = new Uint8Array(pixels.length)
  for (let at = 0; at < pixels.length; at += 3) {
    turned.set(pixels.subarray(at, at + 3), pixels.length - 3 - at)
  }
  return { width, height, pixels: turned }
}

function checkHeader(bytes: Uint8Array): void {
  if (bytes.length < HEADER_BYTES || SIGNATURE.some((byte, at) => bytes[at] !== byte)) {
    throw invalid('expected a PNG signature')
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const width = view.getUint32(16)
  const height = view.getUint32(20)
  if (width === 0 || height === 0) throw invalid(`expected pixels, got ${width}x${height}`)
  const sideMax = Math.max(width, height)
  if (sideMax <= IMAGE_SIDE_MAX && width * height <= IMAGE_PIXELS_MAX) {
    if (bytes.length <= PNG_BYTES_MAX) return
  }
  throw new TextError(
    { code: 'TEXT_IMAGE_TOO_LARGE', width, height },
    `expected at most ${IMAGE_SIDE_MAX} pixels a side, ${IMAGE_PIXELS_MAX} in all and ` +
      `${PNG_BYTES_MAX} bytes, got ${width}x${height} in ${bytes.length} bytes`,
  )
}

function unpack(bytes: Uint8Array): ReturnType<typeof PNG.sync.read> {
  try {
    return PNG.sync.read(bytes)
  } catch (cause) {
    throw invalid('expected a whole PNG file, got a broken one', cause)
  }
}

function invalid(problem: string, cause?: unknown): TextError {
  return new TextError({ code: 'TEXT_IMAGE_INVALID', problem }, problem, { cause })
}
