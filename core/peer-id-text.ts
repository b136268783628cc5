/**
 * The base58btc of a PeerId, which always has 38 bytes and 52 characters.
 *
 * A library for any length goes through it byte by byte and carries each time: as long as ten hashes. Here the bytes,
 * two at once, are multiplied by a table of what each place counts in base 58^5, and back; all carries come last.
 *
 * @module
 */

/** Bytes and characters of a PeerId. The first byte is zero, and alone the first character, a 1. */
export const PEER_ID_BYTES = 38
export const PEER_ID_CHARACTERS = 52

const ALPHABET = '123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz'
const DIGITS = new Uint8Array(128)
for (let digit = 0; digit < ALPHABET.length; digit++) DIGITS[ALPHABET.charCodeAt(digit)] = digit

/** The other 37 bytes by two, the first place with one of them. */
const PAIRS = 19
const PAIR_COUNT = 65_536
/** The other 51 characters by five, the first place with one of them. 58^5 is below 2^30. */
const GROUPS = 11
const GROUP_CHARACTERS = 5
const GROUP_COUNT = 656_356_768
const UNITS = [11_316_496, 195_112, 3_364, 58, 1]

const GROUPS_OF_PAIRS = placesOf([PAIR_COUNT, PAIRS], [GROUP_COUNT, GROUPS])
const PAIRS_OF_GROUPS = placesOf([GROUP_COUNT, GROUPS], [PAIR_COUNT, PAIRS])

/** Where sums are made, one text after the other: memory of this size costs as much as the sums. */
const groups = new Float64Array(GROUPS)
const pairs = new Float64Array(PAIRS)

type Base = readonly [count: number, places: number]

/** What one of each place of `from` counts at each place of `to`, row by row. */
function placesOf([count, places]: Base, [toCount, toPlaces]: Base): Float64Array {
  return Float64Array.from({ length: places * toPlaces }, (_, at) => {
    const [place, toPlace] = [Math.floor(at / toPlaces), at % toPlaces]
    const one = BigInt(count) ** BigInt(places - 1 - place)
    return Number((one / BigInt(toCount) ** BigInt(toPlaces - 1 - toPlace)) % BigInt(toCount))
  })
}

/** The text of {@link PEER_ID_BYTES} bytes, of which the first is 0 and the second is not. */
export function peerIdText(bytes: Uint8Array): string {
  groups.fill(0)
  for (let pair = 0; pair < PAIRS; pair++) {
    const value = (bytes[2 * pair] as number) * 256 + (bytes[2 * pair + 1] as number)
    addTimes(groups, value, GROUPS_OF_PAIRS, pair * GROUPS)
  }
  carry(groups, GROUP_COUNT)
  let text = '1'
  for (let group = 0; group < GROUPS; group++) {
    let rest = groups[group] as number
    for (let digit = group === 0 ? GROUP_CHARACTERS - 1 : 0; digit < GROUP_CHARACTERS; digit++) {
      const unit = UNITS[digit] as number
      const quotient = Math.floor(rest / unit)
      rest -= quotient * unit
      // One character after the other: spread arguments go through an iterator, and take four times as long.
      text += ALPHABET[quotient]
    }
  }
  return text
}

/** The {@link PEER_ID_BYTES} bytes of a text of {@link PEER_ID_CHARACTERS} letters of base58, the first a 1; undefined when they are more. */
export function peerIdBytes(text: string): Uint8Array | undefined {
  pairs.fill(0)
  let at = 1
  for (let group = 0; group < GROUPS; group++) {
    let value = 0
    for (const end = 2 + GROUP_CHARACTERS * group; at < end; at++) {
      value = value * 58 + (DIGITS[text.charCodeAt(at)] as number)
    }
    addTimes(pairs, value, PAIRS_OF_GROUPS, group * PAIRS)
  }
  if (carry(pairs, PAIR_COUNT) > 0 || (pairs[0] as number) > 255) return undefined
  const bytes = new Uint8Array(PEER_ID_BYTES)
  for (let pair = 0; pair < PAIRS; pair++) {
    const value = pairs[pair] as number
    bytes[2 * pair] = value >> 8
    bytes[2 * pair + 1] = value & 255
  }
  return bytes
}

/** Nineteen products below 2^46, or eleven, sum to less than 2^53: exact. */
function addTimes(places: Float64Array, value: number, table: Float64Array, row: number): void {
  for (let place = 0; place < places.length; place++) {
    places[place] = (places[place] as number) + value * (table[row + place] as number)
  }
}

/** Brings each place below `count`; returns what is left over of the first. */
function carry(places: Float64Array, count: number): number {
  let over = 0
  for (let place = places.length - 1; place >= 0; place--) {
    const value = (places[place] as number) + over
    over = Math.floor(value / count)
    places[place] = value - over * count
  }
  return over
}
