import { describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import type { ModelId } from '../../core/ids.ts'
import { capabilities } from '../../test/fixtures/capabilities.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  asCapabilityClass,
  classDigest,
  classesOf,
  layerClass,
  shardCount,
  shardOf,
} from './capability-class.ts'
import { CLASSES_MAX } from './limits.ts'

const MODEL = 'ab'.repeat(32) as ModelId

describe('capability classes', () => {
  it('are all that a device can be found by', () => {
    const device8g = capabilities({
      accelerators: [{ kind: 'gpu', name: 'x', memoryBytes: 0 }],
      providers: ['cpu', 'webgpu'],
      holdings: [{ model: MODEL, ranges: [{ from: 6, to: 17 }] }],
    })
    expect(classesOf(device8g)).toEqual([
      'any',
      'accel:cpu',
      'accel:webgpu',
      'accel:gpu',
      'mem:1g',
      'mem:2g',
      'mem:4g',
      'mem:8g',
      'task:infer',
      `model:${MODEL}`,
      `layers:${MODEL}:0`,
      `layers:${MODEL}:1`,
      `layers:${MODEL}:2`,
    ])
    expect(layerClass(MODEL, 16)).toBe(`layers:${MODEL}:2`)
  })

  it('have names that can be asked for', () => {
    const names = ['any', 'mem:8g', `layers:${MODEL}:2`, 'MEM:8g', 'mem', 'a:b c', 'x'.repeat(200)]
    expect(names.filter((name) => asCapabilityClass(name) === name)).toEqual(names.slice(0, 3))
  })

  it('are bounded, whatever ranges a record claims', () => {
    const holdings = [{ model: MODEL, ranges: [{ from: 0, to: 65_535 }] }]
    expect(classesOf(capabilities({ holdings })).length).toBe(CLASSES_MAX)
  })

  it('have the DHT key that the specification says', () => {
    const { sha256 } = nodeCrypto
    const expected = sha256(new TextEncoder().encode('brume/cap/1/mem:8g/3'))
    expect(toHex(classDigest('mem:8g', 3, sha256))).toBe(toHex(expected))
  })

  it('spread over as many shards as the mesh needs', () => {
    expect([1, 15, 16, 100, 100_000].map(shardCount)).toEqual([1, 1, 2, 8, 64])
    const shards = Array.from({ length: 64 }, (_, n) =>
      shardOf(device(n).peer, 4, nodeCrypto.sha256),
    )
    expect(new Set(shards)).toEqual(new Set([0, 1, 2, 3]))
  })
})
