/**
 * Bounds of the recogniser's work, so that no picture costs without end.
 *
 * @module
 */

/** Bytes of a PNG file. */
export const PNG_BYTES_MAX = 33_554_432

/** Pixels of one side of a picture. */
export const IMAGE_SIDE_MAX = 8192

/** Pixels of a picture. */
export const IMAGE_PIXELS_MAX = 33_554_432

/** Regions of text looked at in one picture, as in PaddleOCR. */
export const REGIONS_MAX = 1000

/** Height of a line of text as the angle and recognition networks see it, in pixels. */
export const LINE_HEIGHT = 48

/** Width that the angle network sees, in pixels. */
export const ANGLE_WIDTH = 192

/** Widths that a line is padded to, in pixels: few, so that executors meet few shapes. */
export const LINE_WIDTHS = [320, 480, 640, 960, 1280] as const
