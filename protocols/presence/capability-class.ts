/**
 * Capability classes: the coarse words under which devices are found in the DHT.
 *
 * A class is text such as `accel:webgpu`, `mem:8g`, `task:infer`, `model:<id>` or
 * `layers:<model>:<bucket>`. Devices are in `mem:` classes of every power of two up
 * to what they have, so that a lookup of one class finds all that have at least that.
 *
 * @module
 */

import { utf8 } from '../../core/bytes.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { ModelId, PeerId } from '../../core/ids.ts'
import {
  CLASS_CHARACTERS_MAX,
  CLASSES_MAX,
  LAYERS_PER_BUCKET,
  PROVIDERS_PER_SHARD,
  SHARDS_MAX,
} from './limits.ts'
import type { Capabilities } from './record.ts'

/** The class of every device. */
export const ANY_CLASS = 'any'

const GIBIBYTE = 2 ** 30

/** `text` when it is a class that can be looked up, else undefined. */
export function asCapabilityClass(text: string): string | undefined {
  const fits = text.length <= CLASS_CHARACTERS_MAX
  return fits && /^(any|[a-z]+:[a-z0-9]+(:\d+)?)$/.test(text) ? text : undefined
}

/** The class of devices that hold any part of `model`. */
export function modelClass(model: ModelId): string {
  return `model:${model}`
}

/** The class of devices that hold `layer` of `model`, or one near it. */
export function layerClass(model: ModelId, layer: number): string {
  return `layers:${model}:${Math.floor(layer / LAYERS_PER_BUCKET)}`
}

/** Every class that a device with these capabilities is in: at most {@link CLASSES_MAX}, layers last. */
export function classesOf(capabilities: Capabilities): readonly string[] {
  const { providers, accelerators, memoryBytes, tasks, holdings } = capabilities
  const classes = new Set<string>([ANY_CLASS])
  for (const provider of providers) classes.add(`accel:${provider}`)
  for (const { kind } of accelerators) classes.add(`accel:${kind}`)
  for (let gibibytes = 1; gibibytes * GIBIBYTE <= memoryBytes; gibibytes *= 2) {
    classes.add(`mem:${gibibytes}g`)
  }
  for (const kind of tasks) classes.add(`task:${kind}`)
  for (const { model } of holdings) classes.add(modelClass(model))
  for (const { model, ranges } of holdings) {
    for (const { from, to } of ranges) {
      // Only as many buckets as there may be classes: a range is a peer's own word.
      const end = Math.min(to, from + CLASSES_MAX * LAYERS_PER_BUCKET)
      const first = from - (from % LAYERS_PER_BUCKET)
      for (let at = first; at < end; at += LAYERS_PER_BUCKET) classes.add(layerClass(model, at))
    }
  }
  return [...classes].slice(0, CLASSES_MAX)
}

/** How many shards a class needs in a mesh of `devices`: a power of two, so that estimates agree. */
export function shardCount(devices: number): number {
  let shards = 1
  while (shards * PROVIDERS_PER_SHARD < devices && shards < SHARDS_MAX) shards *= 2
  return shards
}

/** The shard of `shards` in which `peer` announces itself. */
export function shardOf(peer: PeerId, shards: number, sha256: Sha256): number {
  const [high = 0, low = 0] = sha256(utf8(peer))
  return (high * 256 + low) % shards
}

/** The DHT key of one shard of a class: 32 bytes. */
export function classDigest(name: string, shard: number, sha256: Sha256): Uint8Array {
  return sha256(utf8(`brume/cap/1/${name}/${shard}`))
}
