/**
 * What is wrong with the clock, the disk or the program of this device, and what to do about it, in one line each.
 *
 * @module
 */

import type { EpochProblem } from '../epoch/epoch-health.ts'

const MEBIBYTE = 1_048_576

export function problemText({ code, facts }: EpochProblem): string {
  const { clockAheadMs, abstainsUntilEpoch, restartedEpoch, epoch } = facts
  if (clockAheadMs !== undefined) {
    const way = clockAheadMs > 0 ? 'ahead of' : 'behind'
    return `the clock of this device is ${timeText(clockAheadMs)} ${way} that of the mesh: set it, or have it set by the network (NTP)`
  }
  if (abstainsUntilEpoch !== undefined) {
    const why =
      code === 'EPOCH_VOTES_LOST'
        ? 'the disk of this device lost what it voted for: check it'
        : 'the clock of this device was set back'
    return `${why}; it does not vote before epoch ${abstainsUntilEpoch}`
  }
  if (restartedEpoch !== undefined) {
    return 'the founder began the mesh again from an earlier header than this device goes on from: leave, and join again'
  }
  if (code === 'EPOCH_HEADER_FORKED') return forkText(facts)
  if (epoch !== undefined) {
    return `this device does not come to the scores that were certified in epoch ${epoch}: update brume`
  }
  return diskText(facts)
}

function forkText({ forkedEpoch, witnessedEpoch }: EpochProblem['facts']): string {
  return forkedEpoch !== undefined
    ? `this mesh decided two headers of epoch ${forkedEpoch}, and a witness holds both: found another mesh, and find out whose disk was restored`
    : `a witness holds another header of epoch ${witnessedEpoch ?? 0} of this mesh than this device: compare brume trust show on all its devices; a disk may have been restored`
}

function diskText({
  damagedEpoch,
  damagedStatement,
  damagedCut,
  freeBytes,
  tookMs,
  waitedMs = 0,
}: EpochProblem['facts']): string {
  if (damagedEpoch !== undefined) {
    return `the disk of this device damaged epoch ${damagedEpoch}: check the disk; the others are asked for what is lost, and a device alone needs brume trust restart`
  }
  if (damagedStatement !== undefined) {
    return `the disk of this device damaged what it said of epoch ${damagedStatement}, and it says nothing else of that one: check the disk`
  }
  if (damagedCut !== undefined) {
    return `the disk of this device damaged what it voted for in epoch ${damagedCut}, which it asks others for: check the disk`
  }
  if (freeBytes !== undefined) {
    return `${Math.floor(freeBytes / MEBIBYTE)} MiB are left on the disk of the state folder: free some, or this daemon ends when it is full`
  }
  return `the disk of this device takes ${timeText(tookMs ?? 0)} to write a vote down, and others wait ${timeText(waitedMs)}: move the state folder to a faster disk, or end what keeps it busy`
}

/** A time of some seconds with a decimal, of more without. */
function timeText(ms: number): string {
  const seconds = Math.abs(ms) / 1_000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  return seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`
}
