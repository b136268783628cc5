/**
 * A stand-in for SHA-256 in simulations, which hash more than they do anything else.
 *
 * Two lanes of MurmurHash3's 32-bit mixing, spread to 32 bytes: quick on short inputs, and no obstacle
 * to anybody who looks for collisions. Nothing in a simulation does.
 *
 * @module
 */

/** 32 bytes that depend on every byte of `data`. */
export function simHash(data: Uint8Array): Uint8Array {
  const { length } = data
  const whole = length - (length % 4)
  let a = length ^ 0x9e3779b9
  let b = a ^ 0x85ebca6b
  for (let at = 0; at < whole; at += 4) {
    const word =
      (data[at] as number) |
      ((data[at + 1] as number) << 8) |
      ((data[at + 2] as number) << 16) |
      ((data[at + 3] as number) << 24)
    const turned = scrambled(word)
    a = mixed(a ^ turned) + b
    b = mixed(b ^ (turned + a))
  }
  for (let at = whole; at < length; at++) {
    a = mixed(a ^ scrambled(data[at] as number)) + b
    b = mixed(b ^ a)
  }
  const words = new Uint32Array(8)
  for (let at = 0; at < 8; at += 2) {
    a = finished(a ^ b)
    b = finished(b + a)
    words[at] = a
    words[at + 1] = b
  }
  return new Uint8Array(words.buffer)
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
