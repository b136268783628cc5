/**
 * Multiaddrs in the few bytes that an invite code has for them.
 *
 * One byte names the kind of host (high half) and the transport (low half), then
 * host and port follow. What has no such form is left out of a code.
 *
 * @module
 */

import { concatBytes, textOf, utf8 } from '../../core/bytes.ts'
import { CODE_HOST_BYTES_MAX } from './limits.ts'

const TRANSPORTS: readonly {
  readonly id: number
  readonly protocol: string
  readonly suffix: string
}[] = [
  { id: 1, protocol: 'tcp', suffix: '' },
  { id: 2, protocol: 'tcp', suffix: '/ws' },
  { id: 3, protocol: 'udp', suffix: '/quic-v1' },
]

const IP4 = 1
const IP6 = 2
const DNS = 3
const HOST_NAMES: Readonly<Record<number, string>> = { [IP4]: 'ip4', [IP6]: 'ip6', [DNS]: 'dns' }

/** The bytes of `/ip4|ip6|dns/HOST/tcp|udp/PORT[/ws|/quic-v1]`, or undefined for any other address. */
export function encodeAddress(address: string): Uint8Array | undefined {
  const match =
    /^\/(ip4|ip6|dns|dns4|dns6)\/([^/]+)\/(tcp|udp)\/(\d{1,5})((?:\/[a-z0-9-]+)?)$/.exec(address)
  if (match === null) return undefined
  const [, family, hostText = '', protocol, portText, suffix] = match
  const transport = TRANSPORTS.find((row) => row.protocol === protocol && row.suffix === suffix)
  const port = Number(portText)
  const host = encodeHost(family ?? '', hostText)
  if (transport === undefined || host === undefined || port > 65_535) return undefined
  const kind = Uint8Array.of((host.kind << 4) | transport.id)
  return concatBytes([kind, host.bytes, Uint8Array.of(port >> 8, port & 255)])
}

/** The address at `offset` of `bytes` and where the next begins, or undefined. */
export function decodeAddress(
  bytes: Uint8Array,
  offset: number,
): { readonly address: string; readonly next: number } | undefined {
  const first = bytes[offset] ?? 0
  const transport = TRANSPORTS.find(({ id }) => id === (first & 15))
  const host = decodeHost(first >> 4, bytes, offset + 1)
  if (transport === undefined || host === undefined || host.next + 2 > bytes.length)
    return undefined
  const port = (bytes[host.next] ?? 0) * 256 + (bytes[host.next + 1] ?? 0)
  const family = HOST_NAMES[first >> 4] ?? ''
  const address = `/${family}/${host.text}/${transport.protocol}/${port}${transport.suffix}`
  return { address, next: host.next + 2 }
}

function encodeHost(
  family: string,
  host: string,
): { readonly kind: number; readonly bytes: Uint8Array } | undefined {
  if (family === 'ip4') {
    const bytes = ip4Bytes(host)
    return bytes && { kind: IP4, bytes }
  }
  if (family === 'ip6') {
    const bytes = ip6Bytes(host)
    return bytes && { kind: IP6, bytes }
  }
  const name = utf8(host)
  if (name.length > CODE_HOST_BYTES_MAX || !isHostName(host)) return undefined
  return { kind: DNS, bytes: concatBytes([Uint8Array.of(name.length), name]) }
}

function decodeHost(
  kind: number,
  bytes: Uint8Array,
  at: number,
): { readonly text: string; readonly next: number } | undefined {
  if (kind === IP4 && at + 4 <= bytes.length) {
    return { text: bytes.subarray(at, at + 4).join('.'), next: at + 4 }
  }
  if (kind === IP6 && at + 16 <= bytes.length) {
    return { text: ip6Text(bytes.subarray(at, at + 16)), next: at + 16 }
  }
  const length = bytes[at] ?? 0
  const next = at + 1 + length
  if (kind !== DNS || length > CODE_HOST_BYTES_MAX || next > bytes.length) return undefined
  const text = textOf(bytes.subarray(at + 1, next))
  return text !== undefined && isHostName(text) ? { text, next } : undefined
}

function isHostName(text: string): boolean {
  return /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i.test(text)
}

function ip4Bytes(text: string): Uint8Array | undefined {
  const parts = text.split('.')
  const valid =
    parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256)
  return valid ? Uint8Array.from(parts, Number) : undefined
}

function ip6Bytes(text: string): Uint8Array | undefined {
  const halves = text.split('::')
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const [head = [], tail = []] = groups
  const missing = 8 - head.length - tail.length
  const fits = halves.length === 2 ? missing >= 1 : halves.length === 1 && missing === 0
  const all = [...head, ...Array.from({ length: fits ? missing : 0 }, () => '0'), ...tail]
  if (!fits || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return undefined
  return Uint8Array.from(
    all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]),
  )
}

/** Groups without leading zeros and the first longest run of zeros as `::` (RFC 5952, section 4). */
function ip6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  ).join(':')
  const runs = [...groups.matchAll(/\b0(?::0\b)+/g)]
  const longest = runs.toSorted(([a], [b]) => b.length - a.length)[0]
  if (longest === undefined) return groups
  const head = groups.slice(0, longest.index)
  const tail = groups.slice(longest.index + longest[0].length)
  return `${head.replace(/:$/, '')}::${tail.replace(/^:/, '')}`
}
