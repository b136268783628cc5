/**
 * Which values a signal can have at all: what is none of them was misread.
 *
 * Lists keep their possible elements. A list of which nothing is possible was
 * misread as a whole.
 *
 * @module
 */

import type { SignalName, Signals } from '../signals.ts'

/** `value` as it can be used, or undefined when no device can have it. */
export type SignalCheck<Name extends SignalName> = (
  value: Signals[Name],
  nowMs: number,
) => Signals[Name] | undefined

/** How far a reading may lie in the future for want of a common tick, in ms. */
const AHEAD_MS_MAX = 1_000
/** Items of a list that are looked at. */
const ITEMS_MAX = 256
/** What a sensor of a device that still runs can show, in °C. */
const CELSIUS_MIN = -60
const CELSIUS_MAX = 150
/** Rounding and clocks that are not read at one instant. */
const SHARE_SLACK = 0.1
const WATTS_MAX = 10_000

export const SIGNAL_CHECKS: { readonly [Name in SignalName]: SignalCheck<Name> } = {
  lastInputAtMs: (atMs, nowMs) =>
    Number.isFinite(atMs) && atMs <= nowMs + AHEAD_MS_MAX ? Math.min(atMs, nowMs) : undefined,
  locked: flag,
  screenOn: flag,
  inhibitors: (items) => listOf(items, ({ what, by }) => isText(by) && isText(what)),
  media: flag,
  fullscreen: flag,
  call: flag,
  exclusiveApps: (items) => listOf(items, isText),
  cpu: (use) => {
    const { busyFraction, ownFraction, cores } = use
    const possible = isShare(busyFraction) && isShare(ownFraction) && isCount(cores) && cores > 0
    return possible ? use : undefined
  },
  pressure: (pressure) => {
    const { cpuSomeFraction, memorySomeFraction, memoryFullFraction, ioSomeFraction } = pressure
    const shares = [cpuSomeFraction, memorySomeFraction, memoryFullFraction, ioSomeFraction]
    return shares.every(isShare) && flag(pressure.ofOthersOnly) !== undefined ? pressure : undefined
  },
  memory: (memory) =>
    isCount(memory.totalBytes) && isCount(memory.availableBytes) && memory.totalBytes > 0
      ? memory
      : undefined,
  thermal: (zones) => listOf(zones, ({ name, celsius }) => isText(name) && isCelsius(celsius)),
  board: (board) =>
    flag(board.underVoltage) === undefined || flag(board.throttled) === undefined
      ? undefined
      : board,
  supplies: (items) => listOf(items, ({ name, online }) => isText(name) && flag(online) === online),
  batteries: (items) =>
    listOf(
      items,
      ({ name, chargeFraction, watts = 0 }) =>
        isText(name) && isShare(chargeFraction) && Math.abs(watts) < WATTS_MAX,
    ),
  gpus: (items) =>
    listOf(
      items,
      ({ name, busyByOthersFraction }) => isText(name) && isShare(busyByOthersFraction),
    ),
  network: (network) =>
    flag(network.metered) !== undefined && isCount(network.todayBytes) ? network : undefined,
  disk: (disk) => (isCount(disk.freeBytes) ? disk : undefined),
  lidClosed: flag,
  sleepPending: flag,
  wish: (wish) =>
    wish.mode === 'none' || (isMode(wish.mode) && isInstant(wish.untilWallMs)) ? wish : undefined,
  isolation: (measured) => (isShare(measured.backgroundFraction) ? measured : undefined),
  work: (work) => (isText(work.cpu) && isText(work.gpu) ? work : undefined),
}

function flag(value: boolean): boolean | undefined {
  return typeof value === 'boolean' ? value : undefined
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isShare(value: unknown): boolean {
  return typeof value === 'number' && value >= -SHARE_SLACK && value <= 1 + SHARE_SLACK
}

function isCount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value)
}

function isMode(value: unknown): boolean {
  return value === 'pause' || value === 'finish' || value === 'boost'
}

function isInstant(value: unknown): boolean {
  return value === undefined || Number.isFinite(value)
}

function isCelsius(value: unknown): boolean {
  return typeof value === 'number' && value >= CELSIUS_MIN && value <= CELSIUS_MAX
}

function listOf<Item>(
  items: readonly Item[],
  possible: (item: Item) => boolean,
): readonly Item[] | undefined {
  if (!Array.isArray(items)) return undefined
  if (items.length <= ITEMS_MAX && items.every((item) => item && possible(item))) return items
  const kept = items.slice(0, ITEMS_MAX).filter((item) => item && possible(item))
  return kept.length === 0 ? undefined : kept
}
