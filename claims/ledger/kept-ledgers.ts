/**
 * The ledgers that daemons left behind, read without them.
 *
 * @module
 */

import { readdirSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { fromHex, toHex } from '../../core/bytes.ts'
import type { PeerId } from '../../core/ids.ts'
import {
  type Half,
  type Head,
  decodeHead,
  openHalf,
  SIGNED_HALF,
  halfKindOf,
} from '../../ledger/index.ts'
import { decodeShape } from '../../core/cbor-shape.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import { LedgerReader } from '../../node/ledger/ledger-reader.ts'
import { LevelRows } from '../../node/storage/level-rows.ts'

/** One ledger on the disk, open for reading. */
export interface KeptLedger extends AsyncDisposable {
  readonly device: PeerId
  readonly mesh: string
  readonly reader: LedgerReader
  readonly head: Head
  /** Writes the bundle that a stranger verifies. */
  writeBundle(path: string): Promise<void>
  /** The device's own halves, in order. */
  halves(): AsyncIterable<Half>
}

/** Opens the ledger in the state folder of a daemon that has ended. */
export async function openKept(stateDir: string, device: PeerId): Promise<KeptLedger> {
  const [mesh = ''] = readdirSync(join(stateDir, 'ledger'))
  const rows = new LevelRows(join(stateDir, 'ledger', mesh))
  await rows.open()
  const context = { crypto: nodeCrypto, network: fromHex(mesh) ?? new Uint8Array(32) }
  const reader = new LedgerReader({ rows, context, signer: { peer: device } })
  const signed = await reader.head()
  const head = signed === undefined ? undefined : decodeHead(signed)
  if (head?.type !== 'value') throw new Error(`no head in ${stateDir}`)
  const { size } = head.value
  return {
    device,
    mesh,
    reader,
    head: head.value,
    writeBundle: async (path) => {
      await using file = await open(path, 'w')
      for await (const item of reader.bundle()) await file.write(item)
    },
    async *halves() {
      for await (const { entry } of reader.entries(0, size)) {
        const kind = halfKindOf(entry.kind)
        const body = kind === undefined ? undefined : decodeShape(SIGNED_HALF, entry.body)
        if (kind === undefined || body?.type !== 'value') continue
        const half = openHalf(context, kind, body.value)
        if (half.type === 'value') yield half.value
      }
    },
    [Symbol.asyncDispose]: () => rows.close(),
  }
}

/** The task of a half, in hexadecimal. */
export function taskOf(half: Half): string {
  return toHex(half.body.task)
}
