/**
 * Serves the blobs of this device to members of the mesh.
 *
 * @module
 */

import type { Logger } from '../../core/logger.ts'
import {
  BLOCKS_FRAME_BYTES_MAX,
  BLOCKS_PROTOCOL,
  decodeBlocksMessage,
  encodeBlocksMessage,
  ServerMachine,
  type BlocksMessage,
  type ServerInit,
  type ServerOutput,
} from '../../protocols/blocks/index.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Link, Network } from '../network/network.ts'
import type { BlobStore } from '../storage/blob-store.ts'
import type { BulkGate } from './bulk-gate.ts'

/** Bytes of unsent answers beyond which nothing more of a link is read: queries must not pile up. */
const UNSENT_BYTES_MAX = 1_048_576

export interface BlobServerComponents {
  readonly network: Pick<Network, 'handle'>
  readonly blobs: BlobStore
  readonly logger: Logger
  /** Holds chunks back where the owner lends only a share of the network; none does when absent. */
  readonly bulk?: BulkGate
}

export interface BlobServerInit extends ServerInit {
  /** Inbound links of one peer. */
  readonly linksPerPeerMax: number
}

export class BlobServer {
  readonly #components: BlobServerComponents
  readonly #driver: MachineDriver<Parameters<ServerMachine['handle']>[0], ServerOutput>
  readonly #links = new Map<number, Link>()
  #nextLink = 0
  readonly #stopping = new AbortController()

  constructor(components: BlobServerComponents, init: BlobServerInit) {
    this.#components = components
    const machine = new ServerMachine({ held: (blob) => this.#held(blob) }, init)
    this.#driver = new MachineDriver(machine, {
      nowMs: () => 0,
      // The machine never waits for time.
      schedule: () => () => undefined,
      perform: (output) => this.#perform(output),
    })
    components.network.handle({
      id: BLOCKS_PROTOCOL,
      frameBytesMax: BLOCKS_FRAME_BYTES_MAX,
      linksPerPeerMax: init.linksPerPeerMax,
      membersOnly: true,
      accept: (link) => this.#accept(link),
    })
  }

  /** Closes every link to a fetcher. */
  stop(): void {
    this.#stopping.abort()
    for (const link of this.#links.values()) link.abort()
  }

  #accept(link: Link): void {
    if (this.#stopping.signal.aborted) return link.abort()
    const number = this.#nextLink++
    this.#links.set(number, link)
    this.#driver.feed({ type: 'link-up', link: number })
    link.receive({
      onFrame: (frame) => this.#onFrame(number, link, frame),
      onEnd: () => {
        this.#links.delete(number)
        this.#driver.feed({ type: 'link-down', link: number })
      },
    })
  }

  #onFrame(number: number, link: Link, frame: Uint8Array): Promise<void> | undefined {
    const decoded = decodeBlocksMessage(frame)
    if (decoded.type === 'refused') {
      this.#fault(link, 'BLOCKS_FRAME_INVALID')
      return undefined
    }
    this.#driver.feed({ type: 'message', link: number, message: decoded.message })
    return link.bufferedBytes > UNSENT_BYTES_MAX ? link.drained() : undefined
  }

  #perform(output: ServerOutput): void {
    const link = this.#links.get(output.link)
    if (link === undefined) return
    switch (output.type) {
      case 'send':
        return this.#send(output.link, link, output.message)
      case 'read':
        void this.#read(output)
        return
      case 'describe':
        void this.#describe(output)
        return
      case 'fault':
        this.#fault(link, output.code)
    }
  }

  #send(number: number, link: Link, message: BlocksMessage): void {
    link.send(...encodeBlocksMessage(message))
    if (message.type !== 'chunk') return
    const { bulk } = this.#components
    const { request, data } = message
    bulk?.sending()
    void link.drained().then(() => {
      bulk?.sent(data.byteLength)
      this.#driver.feed({ type: 'sent', link: number, request })
    })
  }

  async #read(read: Extract<ServerOutput, { type: 'read' }>): Promise<void> {
    const { link, request } = read
    const { bulk } = this.#components
    // Refused, so that the peer asks another.
    if (bulk?.open === false) return this.#driver.feed({ type: 'read', link, request })
    await bulk?.pass(read.length, this.#stopping.signal)
    try {
      const data = await this.#components.blobs.read(read.blob, read.offset, read.length)
      this.#driver.feed({ type: 'read', link, request, data })
    } catch (error) {
      // The peer is refused and asks another; our operator hears of the disk.
      this.#components.logger.warn('blob-read-failed', { blob: read.blob, error })
      this.#driver.feed({ type: 'read', link, request })
    }
  }

  async #describe(asked: Extract<ServerOutput, { type: 'describe' }>): Promise<void> {
    const { link, request, blob } = asked
    const { blobs, logger } = this.#components
    try {
      const ref = await blobs.refOf(blob)
      // Damaged: to quarantine with it, which throws.
      if (ref.id !== blob) await blobs.verify(blob)
      this.#driver.feed({ type: 'described', link, request, ref })
    } catch (error) {
      logger.warn('blob-read-failed', { blob, error })
      this.#driver.feed({ type: 'described', link, request })
    }
  }

  #fault(link: Link, code: string): void {
    this.#components.logger.debug('blob-fetcher-fault', { peer: link.peer, code })
    link.abort()
  }

  #held(blob: Parameters<BlobStore['size']>[0]): { bytes: number } | undefined {
    const bytes = this.#components.blobs.size(blob)
    return bytes === undefined ? undefined : { bytes }
  }
}
