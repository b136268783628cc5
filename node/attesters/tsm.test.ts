import { describe, expect, it } from 'vitest'
import { utf8 } from '../../core/bytes.ts'
import { certificatesIn, type TsmFolder, tsmFolder, tsmReport } from './tsm.ts'

const binding = new Uint8Array(64).fill(7)

/** The files of a guest, as its kernel gives them; `races` writes of others come in between. */
function guest(provider: string, races = 0): TsmFolder & { readonly removed: string[] } {
  let generation = 0
  let inblob = new Uint8Array()
  let left = races
  const removed: string[] = []
  const files: Record<string, () => Uint8Array> = {
    provider: () => utf8(`${provider}\n`),
    generation: () => utf8(`${generation}\n`),
    outblob: () => {
      if (left-- > 0) generation++
      return Uint8Array.of(1, ...inblob)
    },
    auxblob: () => tableOf(Uint8Array.of(0x30, 0), Uint8Array.of(0x30, 1)),
  }
  return {
    removed,
    make: async () => undefined,
    write: async (_, __, bytes) => {
      inblob = Uint8Array.from(bytes)
      generation++
    },
    read: async (_, file) => files[file]?.() ?? new Uint8Array(),
    remove: async (name) => void removed.push(name),
  }
}

function tableOf(...blobs: readonly Uint8Array[]): Uint8Array {
  const start = 24 * (blobs.length + 1)
  const table = Buffer.alloc(start + blobs.reduce((sum, blob) => sum + blob.length, 0))
  let offset = start
  for (const [index, blob] of blobs.entries()) {
    table.fill(0xaa, 24 * index, 24 * index + 16)
    table.writeUInt32LE(offset, 24 * index + 16)
    table.writeUInt32LE(blob.length, 24 * index + 20)
    table.set(blob, offset)
    offset += blob.length
  }
  return new Uint8Array(table)
}

describe('a confidential guest', () => {
  it.each([
    ['sev_guest', 'sev-snp'],
    ['tdx_guest', 'tdx'],
  ] as const)(
    'of %s gives a report with the binding, and leaves nothing behind',
    async (provider, kind) => {
      const folder = guest(provider)
      expect(await tsmReport(folder, 'x', () => binding)).toEqual({
        kind,
        report: Uint8Array.of(1, ...binding),
        certificates: [Uint8Array.of(0x30, 0), Uint8Array.of(0x30, 1)],
      })
      expect(folder.removed).toEqual(['x'])
    },
  )

  it('of another kind gives nothing', async () => {
    expect(await tsmReport(guest('arm_cca_guest'), 'x', () => binding)).toBe(undefined)
  })

  it('is asked again when somebody else wrote in between, and not for ever', async () => {
    expect((await tsmReport(guest('sev_guest', 2), 'x', () => binding))?.kind).toBe('sev-snp')
    const folder = guest('sev_guest', 9)
    await expect(tsmReport(folder, 'x', () => binding)).rejects.toMatchObject({
      code: 'ATTESTER_REPORT_RACE',
    })
    expect(folder.removed).toEqual(['x'])
  })

  it('is none where the kernel has no such folder', async () => {
    expect(await tsmReport(tsmFolder('/no/such/folder'), 'x', () => binding)).toBe(undefined)
  })

  it('takes no more from a table than there is', () => {
    const table = tableOf(Uint8Array.of(1, 2, 3))
    expect(certificatesIn(table)).toEqual([Uint8Array.of(1, 2, 3)])
    expect(certificatesIn(table.subarray(0, table.length - 1))).toEqual([])
    expect(certificatesIn(new Uint8Array(10))).toEqual([])
  })
})
