/**
 * The page that ships with this example, and the text that stands on it.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { decodePng, type RgbImage } from './image.ts'

const ASSETS = new URL('./assets/', import.meta.url)

/** The bundled picture and what a person reads on it. */
export interface Page {
  readonly image: RgbImage
  /** Lines in reading order. */
  readonly lines: readonly string[]
}

/** Reads the bundled page from disk. */
export async function readPage(): Promise<Page> {
  const [png, text] = await Promise.all([
    readFile(new URL('page.png', ASSETS)),
    readFile(new URL('page.json', ASSETS), 'utf8'),
  ])
  const { lines } = JSON.parse(text) as { readonly lines: readonly string[] }
  return { image: decodePng(png), lines }
}
