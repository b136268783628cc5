import { afterEach, describe, expect, it } from 'vitest'
import { toHex } from '../../core/bytes.ts'
import { invariant } from '../../core/invariant.ts'
import { encodeEpochMessage, EPOCH_LIMITS } from '../../protocols/epoch/index.ts'
import { type EpochDevice, EpochMesh } from '../../test/fixtures/epoch-mesh.ts'

let mesh: EpochMesh | undefined
afterEach(() => mesh?.end())

async function meshOf(count: number): Promise<EpochMesh> {
  mesh = await EpochMesh.of(count)
  return mesh
}

/** The last epoch that a device knows to be certified. */
const epochOf = ({ epochs }: EpochDevice): number => epochs.opened.chain.next - 1

/** What all devices of `devices` take for certified; fails when they differ. */
function agreed(devices: readonly EpochDevice[]): {
  readonly epoch: number
  readonly root: string
} {
  const tops = devices.map(({ epochs }) => epochs.opened.chain.top)
  const roots = new Set(
    tops.map((top) => `${top?.header.epoch} ${toHex(top?.id ?? new Uint8Array())}`),
  )
  expect(roots.size).toBe(1)
  const [top] = tops
  invariant(top !== undefined, 'an epoch was certified')
  return { epoch: top.header.epoch, root: toHex(top.header.scoresRoot) }
}

const failuresOf = (devices: readonly EpochDevice[]): readonly unknown[] =>
  devices.flatMap(({ failures }) => failures)

describe('a device that stops', () => {
  it('waits for nobody who does not answer', async () => {
    const world = await meshOf(2)
    const [one, other] = world.devices as [EpochDevice, EpochDevice]
    await world.pass(1.5)
    await world.stop(one)
    let asked = 0
    other.network.handle({
      id: EPOCH_LIMITS.EPOCH_PROTOCOL,
      frameBytesMax: EPOCH_LIMITS.EPOCH_FRAME_BYTES_MAX,
      linksPerPeerMax: 4,
      membersOnly: true,
      accept: () => void asked++,
    })
    const again = await world.start(one.machine)
    await world.connectAll()
    expect(asked).toBeGreaterThan(0)
    // No time passes: an answer would be given up after ten seconds.
    await world.stop(again)
    expect(failuresOf([again])).toEqual([])
  })
})

describe('a device alone', () => {
  it('certifies each epoch itself, and says so', async () => {
    const { devices } = await meshOf(1)
    const [alone] = devices as [EpochDevice]
    await mesh?.pass(3.5)
    expect(agreed(devices).epoch).toBe(2)
    expect(alone.epochs.opened.mode).toBe('solo')
    expect(alone.epochs.opened.chain.top?.scores.of(alone.signer.peer)?.micros).toBeGreaterThan(0)
    expect(failuresOf(devices)).toEqual([])
  })

  it('comes to the same after a restart, and certifies what passed meanwhile', async () => {
    const world = await meshOf(1)
    const [alone] = world.devices as [EpochDevice]
    await world.pass(3.5)
    const before = agreed([alone])
    await world.stop(alone)
    const again = await world.start(alone.machine)
    expect(agreed([again])).toEqual(before)
    await world.stop(again)
    await world.pass(4)
    const late = await world.start(alone.machine)
    await world.pass(0.7)
    expect(epochOf(late)).toBe(7)
    expect(failuresOf([alone, again, late])).toEqual([])
  })
})

describe('four devices', () => {
  it('have a seat each after some epochs, and the same scores', async () => {
    const world = await meshOf(4)
    await world.pass(8.5)
    const { devices } = world
    expect(agreed(devices).epoch).toBe(7)
    expect(devices.map(({ epochs }) => epochs.opened.mode)).toEqual(['bft', 'bft', 'bft', 'bft'])
    const scores = devices[0]?.epochs.opened.chain.top?.scores.scores
    expect(scores?.length).toBe(4)
    expect(failuresOf(devices)).toEqual([])
  })

  it('go on without one, which catches up when it is back', async () => {
    const world = await meshOf(4)
    await world.pass(8.5)
    const [first, second, third, fourth] = world.devices as [
      EpochDevice,
      EpochDevice,
      EpochDevice,
      EpochDevice,
    ]
    await world.stop(second)
    await world.pass(3)
    expect(agreed([first, third, fourth]).epoch).toBe(10)
    const back = await world.start(second.machine)
    await world.connectAll()
    await world.pass(1)
    expect(agreed(world.devices).epoch).toBe(11)
    expect(back.epochs.opened.problems).toEqual([])
    expect(failuresOf(world.devices)).toEqual([])
  })
})

describe('messages that are none', () => {
  it.each<[string, (network: Uint8Array, epoch: number) => Uint8Array, string]>([
    ['of another mesh', (_, epoch) => voteIn(new Uint8Array(32), epoch), 'reject'],
    ['of no encoding', () => Uint8Array.of(1, 2, 3), 'reject'],
    ['that are too long', () => new Uint8Array(EPOCH_LIMITS.MESSAGE_BYTES_MAX + 1), 'reject'],
    ['of an epoch that is decided', (network, epoch) => voteIn(network, epoch - 2), 'ignore'],
    ['of an epoch to come', (network, epoch) => voteIn(network, epoch + 900), 'ignore'],
    ['with a signature of somebody else', (network, epoch) => voteIn(network, epoch), 'reject'],
  ])('%s stop nothing, however many there are', async (_, made, fate) => {
    const world = await meshOf(2)
    const [first, second] = world.devices as [EpochDevice, EpochDevice]
    await world.pass(2.5)
    const { chain } = first.epochs.opened
    const data = made(chain.context.network, chain.next)
    const taken = Array.from({ length: 2_000 }, () =>
      first.epochs.opened.takeMessage(second.signer.peer, data),
    )
    expect(new Set(taken)).toEqual(new Set([fate]))
    await world.pass(1)
    expect(agreed(world.devices).epoch).toBe(2)
    expect(failuresOf(world.devices)).toEqual([])
  })
})

/** A vote that no seat signed. */
function voteIn(network: Uint8Array, epoch: number): Uint8Array {
  const vote = {
    kind: 'prevote' as const,
    round: 0,
    value: new Uint8Array(32),
    seat: 0,
    signature: new Uint8Array(64),
  }
  return encodeEpochMessage({ network, epoch }, { type: 'vote', vote })
}
