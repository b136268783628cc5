import { beforeEach, describe, expect, it } from 'vitest'
import { toHex, utf8 } from '../../core/bytes.ts'
import { errorCode } from '../../core/errors.ts'
import type { MeshId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { SeededRandom } from '../../core/random.ts'
import { ENTRY_KINDS } from '../../ledger/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { halvesOf, ledgerContext } from '../../test/fixtures/ledgers.ts'
import { NOBODY } from '../../test/fixtures/ledger-mesh.ts'
import { ManualClock, settle } from '../../test/fixtures/manual-clock.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { DeviceLedger, type OpenLedger } from './device-ledger.ts'
import type { LedgerPeers } from './ledger-peers.ts'
import { LedgerTallies } from './ledger-tallies.ts'
import { type Disk, MemoryRows } from './memory-rows.ts'

const home = '11'.repeat(32) as MeshId
const office = '22'.repeat(32) as MeshId

/** One machine: what lies on its disk, and the mesh that it is in. */
class Machine {
  readonly state = new MemoryStore()
  readonly folders = new Map<string, Disk>()
  readonly failures: unknown[] = []
  /** Another one for folders of a copy. */
  serial = 'a'
  mesh: MeshId | undefined
  disk: 'well' | 'full' = 'well'
  /** What others say; by default nobody is there. */
  peers: LedgerPeers = NOBODY
  #listener: () => void = () => undefined

  ledger(newIdentity: boolean): DeviceLedger {
    return new DeviceLedger(
      {
        mesh: {
          current: () => (this.mesh === undefined ? undefined : { id: this.mesh }),
          onMesh: (listener) => {
            this.#listener = listener
            return () => undefined
          },
        },
        signer: device(1),
        crypto: nodeCrypto,
        clock: new ManualClock(),
        random: SeededRandom.fromInteger(1),
        logger: SILENT_LOGGER,
        state: this.state,
        peers: this.peers,
        openRows: (folder) => {
          const disk = this.folders.get(folder) ?? new Map<string, Uint8Array>()
          this.folders.set(folder, disk)
          return new MemoryRows({ disk, fault: () => (this.disk === 'full' ? 'ENOSPC' : 'none') })
        },
        madeFolder: (path) => Promise.resolve(utf8(`${path.slice(-8)} ${this.serial}`)),
        onFailure: (error) => this.failures.push(error),
      },
      { stateDir: '/state', newIdentity },
    )
  }

  async started(newIdentity = false): Promise<DeviceLedger> {
    const ledger = this.ledger(newIdentity)
    await ledger.start(new AbortController().signal)
    await settle()
    return ledger
  }

  async enter(mesh: MeshId | undefined): Promise<void> {
    this.mesh = mesh
    this.#listener()
    await settle()
  }
}

let machine: Machine

beforeEach(() => {
  machine = new Machine()
})

const kept = (ledger: DeviceLedger) => {
  const { size, incarnation } = ledger.opened.store
  return { size, incarnation }
}

describe('the ledger of a device', () => {
  it('is not there in no mesh, and opens when it enters one', async () => {
    const ledger = await machine.started(true)
    expect(() => ledger.opened).toThrow('expected an open ledger, got none')
    const told: boolean[] = []
    ledger.onChange((open) => told.push(open !== undefined))

    await machine.enter(home)
    expect(kept(ledger)).toEqual({ size: 1, incarnation: 0 })
    await machine.enter(undefined)
    expect(ledger.current).toBe(undefined)
    await machine.enter(office)
    expect(kept(ledger)).toEqual({ size: 1, incarnation: 0 })
    expect(told).toEqual([true, false, true])
    expect([...machine.folders.keys()]).toEqual([
      `/state/ledger/${home}`,
      `/state/ledger/${office}`,
    ])
    await ledger.stop()
  })

  it('goes on where it was, after a restart and after another mesh', async () => {
    machine.mesh = home
    const first = await machine.started(true)
    await first.opened.store.append({ kind: ENTRY_KINDS.note, body: utf8('a') }, 'now')
    await first.stop()

    const second = await machine.started()
    await machine.enter(office)
    await machine.enter(home)
    expect(kept(second)).toEqual({ size: 2, incarnation: 0 })
  })

  it('begins a new incarnation when its folder is gone, or is a copy', async () => {
    machine.mesh = home
    await (await machine.started(true)).stop()
    machine.folders.clear()
    const gone = await machine.started()
    const { incarnation } = kept(gone)
    expect(incarnation).toBeGreaterThan(0)
    await gone.stop()

    machine.serial = 'b'
    const copied = await machine.started()
    expect(kept(copied).size).toBe(3)
    expect(kept(copied).incarnation).toBeGreaterThan(incarnation)
  })

  it('takes nobody for new in a folder that is a copy', async () => {
    await (await machine.started(true)).stop()
    machine.serial = 'b'
    machine.mesh = home
    expect(kept(await machine.started()).incarnation).toBeGreaterThan(0)
  })

  it('says that the process has to end when the disk fails', async () => {
    machine.mesh = home
    const ledger = await machine.started(true)
    machine.disk = 'full'
    const appended = ledger.opened.store.append({ kind: ENTRY_KINDS.note, body: utf8('a') }, 'now')
    await expect(appended).rejects.toThrow('ENOSPC')
    expect(machine.failures.map(errorCode)).toEqual(['LEDGER_STORE_FAILED'])
  })

  it('takes nothing after it was closed, and that is no failure of the disk', async () => {
    machine.mesh = home
    const ledger = await machine.started(true)
    const { store } = ledger.opened
    await ledger.stop()
    const late = store.append({ kind: ENTRY_KINDS.note, body: utf8('late') })
    expect(errorCode(await late.catch((error: unknown) => error))).toBe('LEDGER_STORE_CLOSED')
    expect(machine.failures).toEqual([])
  })
})

describe('the sums of a ledger', () => {
  it('are those of its receipts, read again once something was written', async () => {
    machine.mesh = toHex(ledgerContext.network) as MeshId
    const open = (await machine.started(true)).opened
    const tallies = new LedgerTallies(device(1).peer)
    const none = {
      earnedMilliCredits: 0,
      spentMilliCredits: 0,
      settled: 0,
      disputed: 0,
      unmatched: 0,
    }
    expect((await tallies.of(open)).totals).toEqual(none)

    const [requester, provider] = [device(2), device(1)]
    for (const half of halvesOf({ requester, provider, mode: 'simple', word: 'one' })) {
      if (half.kind === 'order' || half.kind === 'settle') await open.store.keepHalf(half, 'now')
      else await open.store.appendHalf(half, 'now')
    }
    expect((await tallies.of(open)).totals).toEqual({
      ...none,
      earnedMilliCredits: 250,
      settled: 1,
    })
    expect(tallies.of(open)).toBe(tallies.of(open))
  })

  it('are read once for all who ask at once, and again after they could not be read', async () => {
    machine.mesh = toHex(ledgerContext.network) as MeshId
    const { store, context } = (await machine.started(true)).opened
    let reads = 0
    const bundle = (): AsyncIterable<Uint8Array> => {
      reads++
      if (reads === 1) throw new Error('the disk is away')
      return store.reader.bundle()
    }
    const open = { context, store: { writes: 7, reader: { bundle } } } as unknown as OpenLedger
    const tallies = new LedgerTallies(device(1).peer)
    const failures = [tallies.of(open), tallies.of(open)].map((read) => read.catch(String))
    expect(await Promise.all(failures)).toEqual(Array(2).fill('Error: the disk is away'))
    const [first, second] = await Promise.all([tallies.of(open), tallies.of(open)])
    expect(first).toBe(second)
    expect(reads).toBe(2)
  })
})
