/**
 * The fingerprint of a run: two runs with the same hash did the same things at the same times.
 *
 * @module
 */

import { createHash } from 'node:crypto'

/** Bytes of one noted event: f64 time, u32 kind, u32 device. */
const NOTE_BYTES = 16
/** Notes that are hashed at once: one call into the hash for each would cost more than the event. */
const NOTES_AT_ONCE = 4_096

/** SHA-256 over all events of a run, in their order. */
export class Trace {
  readonly #hash = createHash('sha256')
  readonly #bytes = new Uint8Array(NOTE_BYTES * NOTES_AT_ONCE)
  readonly #view = new DataView(this.#bytes.buffer)
  #at = 0

  note(atMs: number, kind: number, device: number): void {
    this.#view.setFloat64(this.#at, atMs)
    this.#view.setUint32(this.#at + 8, kind)
    this.#view.setUint32(this.#at + 12, device)
    this.#at += NOTE_BYTES
    if (this.#at === this.#bytes.length) this.#flush()
  }

  /** Notes what was said, for the rare events that numbers do not tell. */
  text(line: string): void {
    this.#flush()
    this.#hash.update(line)
  }

  /** The hash of everything noted so far, in hex. Nothing can be noted afterwards. */
  digest(): string {
    this.#flush()
    return this.#hash.digest('hex')
  }

  #flush(): void {
    if (this.#at > 0) this.#hash.update(this.#bytes.subarray(0, this.#at))
    this.#at = 0
  }
}
