/**
 * Disk that models which other devices brought may take: their requesters do not own this one.
 *
 * @module
 */

import type { BlobId } from '../../core/ids.ts'
import { manifestBlobs } from '../../models/index.ts'
import { StorageError } from '../storage/errors.ts'
import type { CatalogueModel, ModelCatalogue } from './catalogue.ts'

/** The part of the store that guests may take together. */
const GUEST_PART = 1 / 2

export interface GuestBlobs {
  size(id: BlobId): number | undefined
  readonly usedBytes: number
  readonly quotaBytes: number
}

/**
 * Forgets guests, the oldest first and never `id` itself, until `bytes` more fit the part of the
 * store that is theirs.
 *
 * @throws {StorageError} BLOB_QUOTA_EXCEEDED when they cannot fit.
 */
export async function makeGuestRoom(
  { catalogue, blobs }: { readonly catalogue: ModelCatalogue; readonly blobs: GuestBlobs },
  { id, bytes }: { readonly id: CatalogueModel['id']; readonly bytes: number },
): Promise<void> {
  const { usedBytes, quotaBytes } = blobs
  const bytesMax = Math.floor(quotaBytes * GUEST_PART)
  if (bytes > bytesMax) {
    throw new StorageError({ code: 'BLOB_QUOTA_EXCEEDED', bytes, usedBytes, quotaBytes: bytesMax })
  }
  const others = catalogue.list().filter(({ id: other, guest }) => guest && other !== id)
  for (const { id: oldest } of others) {
    if (guestBytes(catalogue, blobs) + bytes <= bytesMax) return
    await forget(catalogue, oldest)
  }
}

/** A model that is in use just now is forgotten, and its blobs go with the next collection. */
async function forget(catalogue: ModelCatalogue, id: CatalogueModel['id']): Promise<void> {
  try {
    await catalogue.remove(id)
  } catch (error) {
    if (!(error instanceof StorageError) || error.failure.code !== 'BLOB_BUSY') throw error
  }
}

/** Bytes here that only guests need. */
function guestBytes(catalogue: ModelCatalogue, blobs: GuestBlobs): number {
  const blobsOf = (guests: boolean): ReadonlySet<BlobId> =>
    new Set(
      catalogue
        .list()
        .filter(({ guest }) => guest === guests)
        .flatMap(({ manifest }) => manifestBlobs(manifest).map(({ id }) => id)),
    )
  const own = blobsOf(false)
  return [...blobsOf(true)]
    .filter((id) => !own.has(id))
    .reduce((sum, id) => sum + (blobs.size(id) ?? 0), 0)
}
