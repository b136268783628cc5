/**
 * Runs one machine of a protocol over one link.
 *
 * @module
 */

import type { Clock } from '../../core/clock.ts'
import type { Machine, TimePassed } from '../../core/machine.ts'
import { MachineDriver } from '../network/machine-driver.ts'
import type { Link } from '../network/network.ts'

/** What every machine of the protocol takes from its link. */
export type LinkInput =
  | { readonly type: 'opened' }
  | { readonly type: 'frame'; readonly frame: Uint8Array }
  | { readonly type: 'ended' }

export interface ExchangeComponents<Input, Output> {
  readonly link: Link
  readonly clock: Clock
  readonly machine: Machine<Input | LinkInput, Output>
  /** Acts on one output; `feed` gives the machine its answer. */
  readonly perform: (output: Output, feed: (input: Input) => void) => void
  /** The link is over. */
  readonly onEnd?: () => void
}

/** Starts the exchange; it ends with its link. Returns how to feed the machine from outside. */
export function runExchange<Input, Output>(
  components: ExchangeComponents<Input, Output>,
): (input: Input) => void {
  const { link, clock, machine, perform, onEnd } = components
  const driver = new MachineDriver<Input | LinkInput | TimePassed, Output>(machine, {
    nowMs: () => clock.monotonicMs(),
    schedule: (atMs, callback) => schedule(clock, atMs, callback),
    perform: (output) => perform(output, (input) => driver.feed(input)),
  })
  link.receive({
    onFrame: (frame) => driver.feed({ type: 'frame', frame }),
    onEnd: () => {
      driver.feed({ type: 'ended' })
      onEnd?.()
    },
  })
  driver.feed({ type: 'opened' })
  return (input) => driver.feed(input)
}

/** Machines call off many a timer: an error of its own for each, with its stack, would cost more than the timer. */
const CALLED_OFF = new Error('called off')

/** Calls back once at `atMs` of the monotonic clock; returns how to call it off. */
export function schedule(clock: Clock, atMs: number, callback: () => void): () => void {
  const waiting = new AbortController()
  void callLater(clock, atMs, { callback, signal: waiting.signal })
  return () => waiting.abort(CALLED_OFF)
}

async function callLater(
  clock: Clock,
  atMs: number,
  { callback, signal }: { readonly callback: () => void; readonly signal: AbortSignal },
): Promise<void> {
  await clock.sleep(Math.max(0, atMs - clock.monotonicMs()), signal)
  if (!signal.aborted) callback()
}
