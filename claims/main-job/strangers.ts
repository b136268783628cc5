/**
 * What somebody gets who is no member: an ordinary libp2p node, and the holder of a bad invite.
 *
 * @module
 */

import type { Invite } from '../../node/api/schemas/mesh.ts'
import { startStockHost } from '../../node/network/testing/stock-host.ts'
import { type ApiClient, ApiProblem } from '../../test/fixtures/api-client.ts'
import { delay } from '../../test/fixtures/delay.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { HELLO_MS_MAX } from '../../protocols/join/index.ts'
import type { Claim } from '../claim.ts'

/** What a member speaks, and a stranger must not. */
const CLOSED = [
  '/brume/attest/1',
  '/brume/blocks/1',
  '/brume/inference/1',
  '/brume/ledger/1',
  '/brume/presence/1',
  '/brume/witness/1',
  '/brume/kad/1.0.0',
  '/meshsub/1.2.0',
  '/meshsub/1.1.0',
  '/meshsub/1.0.0',
]
/** What anybody may speak. */
const OPEN = ['/ipfs/id/1.0.0', '/ipfs/ping/1.0.0', '/brume/join/1']

/** Fate of every protocol when an ordinary node without a certificate opens it. */
async function fates({ status }: TestDaemon): Promise<ReadonlyMap<string, string>> {
  await using stack = new AsyncDisposableStack()
  const stranger = await startStockHost('noise')
  stack.defer(() => stranger.stop())
  const address = status.addresses.find((each) => each.startsWith('/ip4/127.0.0.1/tcp/'))
  await stranger.dial(`${address}/p2p/${status.peer}`)
  const peer = status.peer as Parameters<typeof stranger.tryProtocol>[0]
  // Until then it might still show a certificate: its streams are held, neither served nor refused.
  await delay(HELLO_MS_MAX + 500)
  const found = new Map<string, string>()
  for (const protocol of [...CLOSED, ...OPEN]) {
    found.set(protocol, await stranger.tryProtocol(peer, protocol))
  }
  return found
}

/** The code with which a join is refused, or `joined`. */
async function joinCode(api: ApiClient, code: string): Promise<string> {
  try {
    await api.post('/v1/mesh/join', { code })
    return 'joined'
  } catch (error) {
    if (error instanceof ApiProblem) return error.code
    throw error
  }
}

/** How each bad invite ends, by what is wrong with it. */
async function badInvites(
  founder: TestDaemon,
  guest: TestDaemon,
  outsider: TestDaemon,
): Promise<Readonly<Record<string, string>>> {
  const invite = (request: object): Promise<Invite> =>
    founder.api.post<Invite>('/v1/mesh/invites', request)
  const used = await invite({ uses: 1 })
  const first = await joinCode(guest.api, used.code)
  if (first !== 'joined') throw new Error(`the good invite was refused: ${first}`)
  const expired = await invite({ ttlMs: 1_000 })
  const foreign = await invite({})
  await delay(2_500)
  const ends = {
    used: await joinCode(outsider.api, used.code),
    expired: await joinCode(outsider.api, expired.code),
    altered: await joinCode(outsider.api, flipped(foreign.code)),
  }
  await founder.api.post('/v1/mesh/leave', { now: true })
  await founder.api.post('/v1/mesh', { name: 'other' })
  return { ...ends, foreign: await joinCode(outsider.api, foreign.code) }
}

/** The code with one character in the middle changed. */
function flipped(code: string): string {
  const at = Math.floor(code.length / 2)
  return `${code.slice(0, at)}${code[at] === 'a' ? 'b' : 'a'}${code.slice(at + 1)}`
}

const CODES: Readonly<Record<string, readonly string[]>> = {
  used: ['JOIN_INVITE_USED'],
  expired: ['JOIN_INVITE_EXPIRED'],
  altered: ['JOIN_CODE_MALFORMED'],
  foreign: ['JOIN_MESH_MISMATCH', 'JOIN_INVITE_UNKNOWN'],
}

export const claim: Claim = {
  sentence:
    'A libp2p node without a certificate can open nothing but identify, ping and join; a used, expired, altered or foreign invite is refused with its code.',
  goal: 'every closed protocol refused, every bad invite refused with its code',
  run: async ({ say }) => {
    await using fleet = new DaemonFleet()
    const [founder, guest, outsider] = await fleet.startMany(3)
    if (founder === undefined || guest === undefined || outsider === undefined) {
      throw new Error('expected three daemons')
    }
    await founder.api.post('/v1/mesh', { name: 'home' })

    const fate = await fates(founder)
    for (const [protocol, outcome] of fate) say(`${protocol}: ${outcome}`)
    const closed = CLOSED.filter((protocol) => fate.get(protocol) !== 'open').length
    const open = OPEN.filter((protocol) => fate.get(protocol) === 'open').length

    const ends = await badInvites(founder, guest, outsider)
    for (const [what, code] of Object.entries(ends)) say(`${what} invite: ${code}`)
    const refused = Object.entries(ends).filter(([what, code]) => CODES[what]?.includes(code))
    const total = Object.keys(ends).length
    return {
      met: closed === CLOSED.length && open === OPEN.length && refused.length === total,
      figure: `${closed} of ${CLOSED.length} protocols closed, ${refused.length} of ${total} invites refused`,
      facts: { fates: Object.fromEntries(fate), invites: ends },
    }
  },
}
