import { describe, expect, it } from 'vitest'
import type { Signer } from '../../core/crypto.ts'
import { EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { namedDomain, trustNetwork } from '../../test/fixtures/trust-mesh.ts'
import {
  type DeviceReport,
  domainIdOf,
  Owners,
  signReport,
  type Tie,
  TRUST_LIMITS,
} from '../../trust/index.ts'
import type { EpochChain } from './epoch-chain.ts'
import { DeviceReports } from './device-reports.ts'

const [speaker, laptop, phone, stranger] = [1, 2, 3, 4].map((number) => device(number)) as [
  Signer,
  Signer,
  Signer,
  Signer,
]
const DAY = TRUST_LIMITS.EPOCHS_PER_DAY
const NOW = DAY + 20
const domain = domainIdOf(nodeCrypto.sha256, { network: trustNetwork, owner: speaker.peer })
const tie = ({ peer }: Signer): Tie => ({
  device: peer,
  number: 1,
  owner: speaker.peer,
  since: 10,
  before: undefined,
})

/** What is kept of reports, and whom the epochs know to have left. */
class Home {
  readonly kept = new Map<string, Uint8Array>()
  readonly left = new Set<string>()
  readonly clock = new ManualClock()

  reports(): DeviceReports {
    const fold = {
      owners: new Owners([tie(laptop), tie(phone)]),
      departures: { hasLeft: (peer: string) => this.left.has(peer) },
    }
    return new DeviceReports({
      crypto: nodeCrypto,
      clock: this.clock,
      network: trustNetwork,
      self: speaker.peer,
      chain: { fold } as unknown as EpochChain,
      store: {
        reports: () => Promise.resolve([...this.kept.values()]),
        keepReport: (peer, encoded) => Promise.resolve(void this.kept.set(peer, encoded)),
      },
      latestEpoch: () => NOW,
    })
  }
}

const report = (by: Signer, change: Partial<DeviceReport> = {}): Uint8Array =>
  signReport(by, {
    network: trustNetwork,
    epoch: NOW,
    device: by.peer,
    domain,
    head: { size: 9, root: namedDomain('root') },
    provided: [{ peer: namedDomain('customer'), milliCredits: 70 }],
    consumed: [],
    ...change,
  })

describe('reports of the devices of a domain', () => {
  it('are kept as the last word of each device about its day', async () => {
    const home = new Home()
    const reports = home.reports()
    expect(await reports.take(laptop.peer, report(laptop, { epoch: NOW - 1 }))).toBe(true)
    expect(await reports.take(laptop.peer, report(laptop))).toBe(true)
    expect(await reports.take(phone.peer, report(phone, { epoch: DAY - 1 }))).toBe(true)
    const told = (all: DeviceReports, epoch: number): readonly string[] =>
      all.of(epoch).map(({ device: peer, epoch: of }) => `${peer} ${of}`)
    expect(told(reports, NOW)).toEqual([`${laptop.peer} ${NOW}`])
    expect(told(reports, DAY - 1)).toEqual([`${phone.peer} ${DAY - 1}`])
    const again = home.reports()
    await again.restore()
    expect(told(again, NOW)).toEqual([`${laptop.peer} ${NOW}`])
  })

  it.each<[string, Signer, Uint8Array]>([
    ['of a stranger', stranger, report(stranger)],
    ['that another device hands on', phone, report(laptop)],
    ['of before it was in the domain', laptop, report(laptop, { epoch: 9 })],
    ['of an epoch to come', laptop, report(laptop, { epoch: NOW + 1 })],
    ['for another domain', laptop, report(laptop, { domain: namedDomain('other') })],
    ['of another mesh', laptop, report(laptop, { network: namedDomain('mesh') })],
    ['signed by another device', laptop, report(phone, { device: laptop.peer })],
    [
      'about the domain itself',
      laptop,
      report(laptop, { consumed: [{ peer: domain, milliCredits: 1 }] }),
    ],
    ['that is none', laptop, new Uint8Array(9)],
    ['that is too long', laptop, new Uint8Array(EPOCH_LIMITS.REPORT_BYTES_MAX + 1)],
  ])('are not taken: %s', async (_, from, encoded) => {
    const home = new Home()
    expect(await home.reports().take(from.peer, encoded)).toBe(false)
    expect(home.kept.size).toBe(0)
  })

  it('are taken once, and never an older one', async () => {
    const reports = new Home().reports()
    expect(await reports.take(laptop.peer, report(laptop))).toBe(true)
    expect(await reports.take(laptop.peer, report(laptop))).toBe(false)
    expect(await reports.take(laptop.peer, report(laptop, { epoch: NOW - 1 }))).toBe(false)
  })

  it('show no head of a device that has left, but what it did', async () => {
    const home = new Home()
    const reports = home.reports()
    await reports.take(laptop.peer, report(laptop))
    home.left.add(laptop.peer)
    expect(reports.of(NOW)).toMatchObject([{ head: undefined, provided: [{ milliCredits: 70 }] }])
  })

  it('are waited for as long as devices were there lately, and not for ever', async () => {
    const home = new Home()
    const reports = home.reports()
    const { signal } = new AbortController()
    await reports.take(laptop.peer, report(laptop, { epoch: NOW - 1 }))
    await reports.take(phone.peer, report(phone, { epoch: NOW - 3 }))
    let told = false
    const waiting = reports.told(NOW, 1_000, signal).then(() => (told = true))
    await home.clock.advance(500)
    expect(told).toBe(false)
    await reports.take(laptop.peer, report(laptop))
    await waiting
    const late = reports.told(NOW + 1, 1_000, signal).then(() => 'went on')
    await home.clock.advance(1_000)
    expect(await late).toBe('went on')
  })
})
