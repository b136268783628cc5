import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import type { Invite } from '../../node/api/schemas/mesh.ts'
import type { TrustView } from '../../node/api/schemas/trust.ts'
import { LevelRows } from '../../node/storage/level-rows.ts'
import { brume, type CommandResult } from '../fixtures/brume-command.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { until } from '../fixtures/delay.ts'

const folder = mkdtempSync(join(tmpdir(), 'brume-trust-'))
const file = join(folder, 'score.proof')
const headers = join(folder, 'mesh.headers')
const fleet = new DaemonFleet({ env: { BRUME_TRUST_EPOCH_MS: '1000' } })
let daemon: TestDaemon | undefined
let [peer, mesh] = ['', '']

/** `brume trust …` of the daemon. */
function trust(...words: readonly string[]): Promise<CommandResult> {
  return brume(daemon?.stateDir ?? '', ['trust', ...words])
}

/** A command that needs neither a daemon nor a folder for one. */
function verify(...words: readonly string[]): Promise<CommandResult> {
  return brume(join(folder, 'nothing'), ['trust', 'verify', ...words])
}

beforeAll(async () => {
  const started = await fleet.start('d1')
  daemon = started
  peer = started.status.peer
  mesh = (await fleet.formMesh()).id
  await until('an epoch is certified', 20_000, async () => {
    const { scores } = await started.api.get<TrustView>('/v1/trust')
    return scores.length > 0 ? true : undefined
  })
}, 60_000)

afterAll(async () => {
  await fleet[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})

describe('brume trust', () => {
  it('shows who decides and all scores, and a line of it in the status', async () => {
    const { exit, stdout } = await trust('show')
    expect(exit).toBe(0)
    expect(stdout).toMatch(/^mode +solo: the word of one device$/m)
    expect(stdout).toMatch(/^quorum +1 of 1$/m)
    expect(stdout).toMatch(/^witnesses none: trust\.witnesses names some/m)
    expect(stdout).toContain(daemon?.status.name)
    const status = await brume(daemon?.stateDir ?? '', ['status'])
    expect(status.stdout).toMatch(/^ {2}trust +solo, epoch \d+, fresh$/m)
  })

  it('explains a score, and refuses a device that has none', async () => {
    const explained = await trust('explain', peer)
    expect(explained.stdout).toMatch(/^ {2}floor +0\.30 by attestation; it can rise to 0\.65$/m)
    expect(explained.stdout).toMatch(/^ {2}to raise +show hardware/m)
    const unknown = await trust('explain', `${peer.slice(0, -1)}${peer.endsWith('a') ? 'b' : 'a'}`)
    expect([unknown.exit, unknown.code]).toEqual([4, 'TRUST_SCORE_UNKNOWN'])
  })

  it('says whose a device is, and why it cannot be that of another', async () => {
    const shown = await trust('owner', 'show')
    expect(shown.stdout).toMatch(new RegExp(`^owner +${daemon?.status.name}$`, 'm'))
    const unknown = `${peer.slice(0, -1)}${peer.endsWith('a') ? 'b' : 'a'}`
    const refused = [
      await trust('owner', 'add', peer),
      await trust('owner', 'leave'),
      await trust('owner', 'join', unknown),
    ]
    expect(refused.map(({ exit, code }) => [exit, code])).toEqual([
      [2, 'TRUST_OWNER_SELF'],
      [3, 'TRUST_DEVICE_NOT_BOUND'],
      [4, 'TRUST_DEVICE_UNKNOWN'],
    ])
  })

  it('begins no mesh again from a header that is not its last', async () => {
    const elsewhere = await trust('restart', '--header', '0'.repeat(64))
    expect([elsewhere.exit, elsewhere.code]).toEqual([3, 'TRUST_RESTART_ELSEWHERE'])
  })

  it('proves a score in a file of less than 5 kB that verifies without a daemon', async () => {
    const proven = await trust('prove', peer, '--out', file)
    expect(proven.exit).toBe(0)
    const header = /--header ([0-9a-f]{64})/.exec(proven.stdout)?.[1] ?? ''
    const whole = readFileSync(file)
    expect(whole.length).toBeLessThan(5_000)
    const good = await verify(file, '--header', header)
    expect(good.exit).toBe(0)
    expect(good.stdout).toContain(peer)
    const nobody = await verify(file)
    expect([nobody.exit, nobody.code]).toEqual([3, 'TRUST_PROOF_UNANCHORED'])
    const elsewhere = await verify(file, '--header', '0'.repeat(64))
    expect([elsewhere.exit, elsewhere.code]).toEqual([2, 'EPOCH_TRUST_EXPIRED'])
    const later = join(folder, 'later.proof')
    await until('another epoch is certified', 20_000, async () => {
      const { stdout } = await trust('prove', peer, '--out', later)
      return stdout.includes(header) ? undefined : true
    })
    const followed = await verify(later, '--header', header, '--from', file)
    expect([followed.exit, followed.stdout.includes(peer)]).toEqual([0, true])
    expect(followed.stdout).toMatch(/^steps +1 header from the one that is trusted$/m)
    const known =
      /--header ([0-9a-f]{64})/.exec(
        (await trust('headers', '--since', '1', '--out', headers)).stdout,
      )?.[1] ?? ''
    const led = await verify(later, '--header', known, '--from', headers)
    expect([led.exit, led.stdout.includes(peer)]).toEqual([0, true])
    const backwards = await verify(headers, '--header', known, '--from', later)
    expect([backwards.exit, backwards.code]).toEqual([2, 'EPOCH_MESSAGE_MALFORMED'])
    const middle = Math.floor(whole.length / 2)
    writeFileSync(file, whole.with(middle, (whole[middle] ?? 0) ^ 1))
    expect((await verify(file, '--header', header)).exit).toBe(2)
  })

  it('lets a device go once the other can decide without it, and says who has left', async () => {
    // It is a witness of the other later, and needs no mesh for that.
    const guest = await fleet.start('d2', { BRUME_TRUST_WITNESS_FOR: peer })
    const invite = await daemon?.api.post<Invite>('/v1/mesh/invites', { uses: 1 })
    await guest.api.post('/v1/mesh/join', { code: invite?.code })
    const leave = (): Promise<CommandResult> => brume(guest.stateDir, ['leave'])
    await until('both have seats', 20_000, async () => {
      const { seats } = await guest.api.get<TrustView>('/v1/trust')
      return seats.length === 2 ? true : undefined
    })
    const needed = await leave()
    expect([needed.exit, needed.code]).toEqual([3, 'TRUST_SEAT_NEEDED'])
    const status = await brume(guest.stateDir, ['status'])
    expect(status.stdout).toContain('this device has said that it leaves')
    const left = await until('its seat is given up', 20_000, async () => {
      const { exit, stdout } = await leave()
      return exit === 0 ? stdout : undefined
    })
    expect(left.trim()).toBe('left the mesh: 1 device told')
    const { stdout } = await trust('show')
    expect(stdout).toMatch(/^quorum +1 of 1$/m)
    expect(stdout).toMatch(new RegExp(`^${guest.status.name} .*has left$`, 'm'))
  })

  it('shows the parameters, and changes them for a quorum of seats, which is this one', async () => {
    const before = await trust('parameters')
    expect(before.stdout).toMatch(/^epochs {4}1(\.0)? s each$/m)
    expect(before.stdout).toContain(`anchors   ${daemon?.status.name}`)
    expect((await trust('parameters', '--epoch', '100ms')).exit).toBe(2)
    expect((await trust('parameters', '--seats', '3')).exit).toBe(2)
    const nobody = await trust('parameters', '--remove-anchor', peer)
    expect([nobody.exit, nobody.code]).toEqual([2, 'TRUST_ANCHORS_INVALID'])
    expect((await trust('parameters', '--epoch', '2s', '--seats', '31')).exit).toBe(0)
    const after = await until('the change is in an epoch', 10_000, async () => {
      const { stdout } = await trust('parameters')
      return stdout.includes('pending') ? stdout : undefined
    })
    expect(after).toMatch(/^pending {3}epochs of 2(\.0)? s, 31 seats at most, from epoch \d+ on$/m)
  })

  it('has its headers cosigned by a device of another mesh that names it', async () => {
    const friend = fleet.daemons.find(({ name }) => name === 'd2')
    if (friend === undefined) throw new Error('the other daemon has ended')
    const [address] = friend.status.addresses
    await daemon?.stop()
    const witness = `${address}/p2p/${friend.status.peer}`
    daemon = await fleet.start('d1', { BRUME_TRUST_WITNESSES: witness })
    const told = await until('a header is cosigned', 10_000, async () => {
      const { stdout } = await brume(daemon?.stateDir ?? '', ['status'])
      return stdout.includes('cosigned') ? stdout : undefined
    })
    expect(told).toMatch(/^ {2}trust +solo, epoch \d+, fresh, cosigned by 1 device$/m)
    expect((await trust('show')).stdout).toContain(`witness   ${friend.status.name} cosigned epoch`)
    const { peer: witnessed } = friend.status
    const proven = await until('a proof holds the word of the witness', 10_000, async () => {
      await trust('prove', peer, '--out', file)
      const { stdout } = await verify(file, '--witness', witnessed)
      return stdout.includes('witnesses') ? stdout : undefined
    })
    expect(proven).toMatch(/^witnesses 12D3…\w+$/m)
    const another = await verify(file, '--witness', peer)
    expect([another.exit, another.code]).toEqual([3, 'TRUST_WITNESS_LACKING'])
  })

  it('says in the status which epoch the disk has damaged, and what to do', async () => {
    await daemon?.stop()
    const epoch = await damageLastEpoch(join(daemon?.stateDir ?? '', 'trust', mesh))
    daemon = await fleet.start('d1')
    const line = `           ! the disk of this device damaged epoch ${epoch}: check the disk`
    const told = await until('the damage is found', 10_000, async () => {
      const { stdout } = await brume(daemon?.stateDir ?? '', ['status'])
      return stdout.includes('damaged') ? stdout : undefined
    })
    expect(told).toContain(line)
    const { problems } = await daemon.api.get<TrustView>('/v1/trust')
    expect(problems).toContainEqual(
      expect.objectContaining({ code: 'EPOCH_DISK_DAMAGED', facts: { damagedEpoch: epoch } }),
    )
  })
})

/** Changes a bit of the header of the last epoch that lies in a folder; returns which one. */
async function damageLastEpoch(path: string): Promise<number> {
  const rows = new LevelRows(path)
  await rows.open()
  const [last] = await rows.range({ from: utf8('D'), to: utf8('E'), limit: 1, reverse: true })
  if (last === undefined) throw new Error('no epoch was kept')
  const value = last.value.with(80, (last.value[80] ?? 0) ^ 4)
  await rows.write([{ type: 'put', key: last.key, value }])
  await rows.close()
  return Number(Buffer.from(last.key).readBigUint64BE(1))
}
