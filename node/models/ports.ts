/**
 * What models need of the rest of the daemon.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Sha256 } from '../../core/crypto.ts'
import type { BlobId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { Tensor, TensorSpec, TensorType } from '../../core/tensor.ts'
import type { BlobRef } from '../../models/index.ts'

/** The blob store, as far as models use it. */
export interface ModelBlobs {
  has(id: BlobId): boolean
  size(id: BlobId): number | undefined
  put(bytes: Uint8Array): Promise<BlobRef>
  read(id: BlobId, offset: number, length: number): Promise<Uint8Array>
  remove(id: BlobId): Promise<boolean>
  /** Throws `BLOB_CORRUPTED` when the bytes have changed. */
  verify(id: BlobId): Promise<void>
  /** Keeps blobs from being collected until the result is called. */
  pin(ids: readonly BlobId[]): () => void
}

/** The state store, as far as models use it. */
export interface ModelState {
  put(key: string, value: Uint8Array, options?: { readonly sync?: boolean }): Promise<void>
  del(key: string, options?: { readonly sync?: boolean }): Promise<void>
  entries(
    prefix: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: Uint8Array }[]>
}

/** A loaded model, as far as models use it. */
export interface ModelExecutor {
  run(inputs: readonly Tensor[]): Promise<{ readonly outputs: readonly Tensor[] }>
  stop(): Promise<void>
}

/** The runtime, as far as models use it. */
export interface ModelRuntime {
  load(
    spec: {
      readonly file: string
      readonly provider: 'cpu'
      readonly memoryBytesMax: number
      readonly loadMsMax: number
      readonly runMsMax: number
      readonly optimise: 'disabled'
    },
    signal?: AbortSignal,
  ): Promise<ModelExecutor>
  optimise(file: string, target: string, level: 'basic', signal?: AbortSignal): Promise<void>
  inspect(
    file: string,
    samples: readonly Tensor[],
    signal?: AbortSignal,
  ): Promise<{
    readonly inputs: readonly TensorSpec[]
    readonly outputs: readonly TensorSpec[]
    readonly values: readonly {
      readonly name: string
      readonly type: TensorType
      readonly dims: readonly number[]
    }[]
  }>
}

export interface ModelComponents {
  readonly blobs: ModelBlobs
  readonly state: ModelState
  readonly runtime: ModelRuntime
  readonly sha256: Sha256
  readonly clock: Clock
  readonly logger: Logger
}

export interface ModelInit {
  /** Folder of the store: stage files lie here, beside the folder `blobs`. */
  readonly folder: string
  /** Limits of the executors that compare a model with its stages. */
  readonly memoryBytesMax: number
  readonly loadMsMax: number
  readonly runMsMax: number
}

/** How far a long piece of work is. */
export interface ModelProgress {
  readonly step: 'read' | 'optimise' | 'store' | 'measure' | 'verify' | 'compare'
  readonly done: number
  /** 0 when it is not known. */
  readonly total: number
  readonly unit: 'bytes' | 'blobs' | 'steps'
}

/** Whom to tell how far it is, and who may stop it. */
export interface LongWork {
  readonly progress?: (progress: ModelProgress) => void
  readonly signal?: AbortSignal
}
