/**
 * A stand-in for SHA-256 in simulations, which hash more than they do anything else.
 *
 * Four lanes of MurmurHash3's 32-bit mixing, each from another start: well spread and quick on short
 * inputs, and no obstacle to anybody who looks for collisions. Nothing in a simulation does.
 *
 * @module
 */

/** 32 bytes that depend on every byte of `data`. */
export function simHash(data: Uint8Array): Uint8Array {
  let a = data.length ^ 0x9e3779b9
  let b = a ^ 0x85ebca6b
  let c = a ^ 0xc2b2ae35
  let d = a ^ 0x27d4eb2f
  for (let at = 0; at < data.length; at += 4) {
    const word =
      (data[at] ?? 0) |
      ((data[at + 1] ?? 0) << 8) |
      ((data[at + 2] ?? 0) << 16) |
      ((data[at + 3] ?? 0) << 24)
    a = mixed(a ^ scrambled(word)) + b
    b = mixed(b ^ scrambled(word + a))
    c = mixed(c ^ scrambled(word ^ b)) + d
    d = mixed(d ^ scrambled(word + c))
  }
  const out = new Uint8Array(32)
  const words = new Uint32Array(out.buffer)
  for (let at = 0; at < 8; at += 4) {
    a = finished(a ^ d)
    b = finished(b ^ a)
    c = finished(c ^ b)
    d = finished(d ^ c)
    words[at] = a
    words[at + 1] = b
    words[at + 2] = c
    words[at + 3] = d
  }
  return out
}

function scrambled(word: number): number {
  const turned = Math.imul(word, 0xcc9e2d51)
  return Math.imul((turned << 15) | (turned >>> 17), 0x1b873593)
}

function mixed(lane: number): number {
  return (Math.imul((lane << 13) | (lane >>> 19), 5) + 0xe6546b64) | 0
}

function finished(lane: number): number {
  let word = Math.imul(lane ^ (lane >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return word ^ (word >>> 16)
}
