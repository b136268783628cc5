/**
 * One blob from one holder, known by its id alone: a real link and real time around a whole machine.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { PeerId } from '../../core/ids.ts'
import type { Logger } from '../../core/logger.ts'
import type { TimePassed } from '../../core/machine.ts'
import {
  BLOCKS_FRAME_BYTES_MAX,
  BLOCKS_PROTOCOL,
  decodeBlocksMessage,
  encodeBlocksMessage,
  WholeMachine,
  type WholeInit,
  type WholeInput,
  type WholeOutput,
} from '../../protocols/blocks/index.ts'
import { nodeCrypto } from '../crypto/node-crypto.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Link, Network } from '../network/network.ts'
import { callAt } from '../system/clock-timer.ts'

export interface WholeFetchComponents {
  readonly network: Pick<Network, 'open'>
  readonly clock: Clock
  readonly logger: Logger
}

export interface WholeFetchInit extends WholeInit {
  readonly holder: PeerId
  readonly signal: AbortSignal
}

/**
 * The bytes of the blob, proved by its id; undefined when this holder did not give them.
 *
 * @throws the reason of `signal`.
 */
export async function fetchWholeFrom(
  components: WholeFetchComponents,
  init: WholeFetchInit,
): Promise<Uint8Array | undefined> {
  const { holder, signal } = init
  const link = await openLink(components, init)
  if (signal.aborted) link?.abort()
  signal.throwIfAborted()
  if (link === undefined) return undefined
  const { clock, logger } = components
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array | undefined>()
  const perform = (output: WholeOutput): void => {
    if (output.type === 'send') return link.send(...encodeBlocksMessage(output.message))
    if (output.type === 'whole') return resolve(output.bytes)
    logger.debug('blob-holder-fault', { holder, code: output.fault ?? 'BLOCKS_NOT_DESCRIBED' })
    resolve(undefined)
  }
  const machine = new WholeMachine(nodeCrypto, init)
  const driver = new MachineDriver<WholeInput | TimePassed, WholeOutput>(machine, {
    nowMs: () => clock.monotonicMs(),
    schedule: (atMs, callback) => callAt(clock, atMs, callback),
    perform,
  })
  const onAbort = (): void => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    link.receive({
      onFrame: (frame) => driver.feed(inputOf(frame)),
      onEnd: () => driver.feed({ type: 'ended' }),
    })
    driver.feed({ type: 'opened' })
    return await promise
  } finally {
    signal.removeEventListener('abort', onAbort)
    driver.stop()
    link.abort()
  }
}

/** Undefined when the holder cannot be reached in the time that it may take to answer. */
async function openLink(
  { network, clock, logger }: WholeFetchComponents,
  { holder, describeMs, signal }: WholeFetchInit,
): Promise<Link | undefined> {
  const late = new AbortController()
  const callOff = callAt(clock, clock.monotonicMs() + describeMs, () => late.abort())
  try {
    return await network.open(holder, BLOCKS_PROTOCOL, {
      frameBytesMax: BLOCKS_FRAME_BYTES_MAX,
      signal: AbortSignal.any([signal, late.signal]),
    })
  } catch (error) {
    // Another holder is asked instead.
    logger.debug('blob-holder-unreachable', { holder, error })
    return undefined
  } finally {
    callOff()
  }
}

function inputOf(frame: Uint8Array): WholeInput {
  const decoded = decodeBlocksMessage(frame)
  if (decoded.type === 'refused') return { type: 'garbage' }
  return { type: 'message', message: decoded.message }
}
