/**
 * Short names of devices for people: the same everywhere, because they follow from the PeerId.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { PeerId } from '../core/ids.ts'

const MANNERS = [
  'able',
  'brave',
  'brisk',
  'calm',
  'clear',
  'cosy',
  'deft',
  'eager',
  'fair',
  'fond',
  'free',
  'fresh',
  'gentle',
  'glad',
  'grand',
  'happy',
  'hardy',
  'jolly',
  'keen',
  'kind',
  'lively',
  'loyal',
  'merry',
  'mild',
  'neat',
  'noble',
  'proud',
  'quick',
  'quiet',
  'swift',
  'warm',
  'wise',
] as const

const BEINGS = [
  'alder',
  'ash',
  'badger',
  'beech',
  'birch',
  'cedar',
  'crane',
  'elm',
  'falcon',
  'fern',
  'finch',
  'fox',
  'hare',
  'hazel',
  'heron',
  'holly',
  'ibex',
  'ivy',
  'lark',
  'larch',
  'lynx',
  'maple',
  'marten',
  'oak',
  'otter',
  'owl',
  'pine',
  'robin',
  'rowan',
  'seal',
  'tern',
  'willow',
] as const

/**
 * A manner, a being and four characters of a hash: enough to tell devices of one mesh apart,
 * never enough to identify one.
 */
export function deviceName(peer: PeerId): string {
  const hash = createHash('sha256').update(`brume/device-name/1/${peer}`).digest()
  const manner = MANNERS[(hash[0] ?? 0) % MANNERS.length]
  const being = BEINGS[(hash[1] ?? 0) % BEINGS.length]
  return `${manner}-${being}-${hash.subarray(2, 4).toString('hex')}`
}
