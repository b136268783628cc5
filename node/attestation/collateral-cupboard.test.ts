import { describe, expect, it } from 'vitest'
import { shippedAnchors } from '../../attestation/index.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { vector, vectorsAtHand, vectorsNote } from '../../test/fixtures/attestation-vectors.ts'
import { COLLATERAL_NOW_MS } from '../../test/fixtures/dcap-vectors.ts'
import { ManualClock } from '../../test/fixtures/manual-clock.ts'
import { MemoryStore } from '../../test/fixtures/memory-store.ts'
import { CollateralCupboard } from './collateral-cupboard.ts'

const anchors = shippedAnchors()

async function cupboard(store = new MemoryStore()) {
  const clock = new ManualClock()
  await clock.jump(COLLATERAL_NOW_MS - clock.wallMs())
  const opened = new CollateralCupboard({ store, clock, logger: SILENT_LOGGER }, anchors)
  await opened.start({ anchors, graceMs: 0 })
  return { opened, store }
}

const bundle = () => vector('tdx/phala-tdx_quote_collateral.json')
const plain = { issuerChain: '', fingerprint: undefined }
const idsOf = ({ shelf }: CollateralCupboard) => shelf.list().map(({ id }) => id)

describe.skipIf(!vectorsAtHand)(`collateral that is kept${vectorsNote}`, () => {
  it('is there after a restart, and only what was not damaged', async () => {
    const { opened, store } = await cupboard()
    expect((await opened.importFile(bundle(), plain)).length).toBe(4)
    expect(await opened.importFile(bundle(), plain)).toEqual([])
    const again = await cupboard(store)
    const newcomer = await cupboard()
    for (const id of again.opened.ids()) {
      await newcomer.opened.take(again.opened.get(id) ?? new Uint8Array())
    }
    expect(idsOf(newcomer.opened).length).toBe(4)
    expect(idsOf(again.opened).toSorted()).toEqual(idsOf(opened).toSorted())
    const [key = ''] = store.values.keys()
    store.values.get(key)?.fill(0, 40, 60)
    const third = await cupboard(store)
    expect([idsOf(third.opened).length, store.values.size]).toEqual([3, 3])
  })

  it('is taken from others only when a vendor signed it', async () => {
    const { opened } = await cupboard()
    await opened.importFile(bundle(), plain)
    await opened.importFile(vector('android/status-sample.json'), plain)
    const shared = new Map(opened.shelf.list().map(({ item, encoded }) => [item.type, encoded]))
    const other = await cupboard()
    const take = (type: 'crl' | 'android-status' | 'intel-json') =>
      other.opened.take(shared.get(type) ?? new Uint8Array())
    await take('android-status')
    expect(idsOf(other.opened)).toEqual([])
    await expect(take('intel-json')).rejects.toMatchObject({ code: 'COLLATERAL_INCOMPLETE' })
    const added: string[] = []
    other.opened.onAdded(({ id }) => added.push(id))
    for (const { encoded } of opened.shelf.list()) await other.opened.take(encoded)
    expect(added).toEqual(idsOf(opened).slice(0, 4))
  })
})
