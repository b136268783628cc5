/**
 * Which of this device's addresses go into an invite code, where there is room for two.
 *
 * @module
 */

/** `addresses` from the most to the least useful for a device elsewhere. */
export function byUsefulness(addresses: readonly string[]): readonly string[] {
  const remote = addresses.filter((address) => !isLoopback(address))
  // A loopback address only helps a device on the same machine: it goes in when there is no other.
  const usable = remote.length > 0 ? remote : addresses
  const ranked = usable.toSorted((a, b) => rank(a) - rank(b))
  // A second address on the same host adds little: another host comes first.
  const firstOfHost = ranked.filter(
    (address, index) => ranked.findIndex((other) => hostOf(other) === hostOf(address)) === index,
  )
  return [...new Set([...firstOfHost, ...ranked])]
}

function rank(address: string): number {
  const family = address.startsWith('/ip4/') ? 0 : address.startsWith('/dns') ? 1 : 2
  const transport = /\/tcp\/\d+$/.test(address) ? 0 : 1
  const linkLocal = /^\/(ip4\/169\.254\.|ip6\/fe80)/i.test(address) ? 8 : 0
  return family * 2 + transport + linkLocal
}

function hostOf(address: string): string {
  return address.split('/').slice(1, 3).join('/')
}

function isLoopback(address: string): boolean {
  return /^\/(ip4\/127\.|ip6\/::1\/|dns[46]?\/localhost\/)/.test(address)
}
