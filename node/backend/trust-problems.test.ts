import { expect, it } from 'vitest'
import type { EpochProblem } from '../epoch/epoch-health.ts'
import { problemText } from './trust-problems.ts'

it.each<[EpochProblem['code'], EpochProblem['facts'], string]>([
  [
    'EPOCH_TIME_INVALID',
    { clockAheadMs: -310 },
    'the clock of this device is 0.3 s behind that of the mesh: set it, or have it set by the network (NTP)',
  ],
  [
    'EPOCH_TIME_INVALID',
    { clockAheadMs: 3_600_000 },
    'the clock of this device is 60 min ahead of that of the mesh: set it, or have it set by the network (NTP)',
  ],
  [
    'EPOCH_TIME_INVALID',
    { abstainsUntilEpoch: 7 },
    'the clock of this device was set back; it does not vote before epoch 7',
  ],
  [
    'EPOCH_VOTES_LOST',
    { abstainsUntilEpoch: 7 },
    'the disk of this device lost what it voted for: check it; it does not vote before epoch 7',
  ],
  [
    'EPOCH_DISK_DAMAGED',
    { damagedEpoch: 7 },
    'the disk of this device damaged epoch 7: check the disk; the others are asked for what is lost, and a device alone needs brume trust restart',
  ],
  [
    'EPOCH_DISK_DAMAGED',
    { damagedStatement: 7 },
    'the disk of this device damaged what it said of epoch 7, and it says nothing else of that one: check the disk',
  ],
  [
    'EPOCH_DISK_DAMAGED',
    { damagedCut: 7 },
    'the disk of this device damaged what it voted for in epoch 7, which it asks others for: check the disk',
  ],
  [
    'EPOCH_DISK_FULL',
    { freeBytes: 5e6 },
    '4 MiB are left on the disk of the state folder: free some, or this daemon ends when it is full',
  ],
  [
    'EPOCH_DISK_SLOW',
    { tookMs: 1_500, waitedMs: 1_000 },
    'the disk of this device takes 1.5 s to write a vote down, and others wait 1.0 s: move the state folder to a faster disk, or end what keeps it busy',
  ],
  [
    'EPOCH_FOLD_MISMATCH',
    { epoch: 7 },
    'this device does not come to the scores that were certified in epoch 7: update brume',
  ],
  [
    'EPOCH_HEADER_FORKED',
    { forkedEpoch: 7 },
    'this mesh decided two headers of epoch 7, and a witness holds both: found another mesh, and find out whose disk was restored',
  ],
  [
    'EPOCH_HEADER_FORKED',
    { witnessedEpoch: 7 },
    'a witness holds another header of epoch 7 of this mesh than this device: compare brume trust show on all its devices; a disk may have been restored',
  ],
  [
    'EPOCH_PARENT_UNKNOWN',
    { restartedEpoch: 7 },
    'the founder began the mesh again from an earlier header than this device goes on from: leave, and join again',
  ],
])('%s with %o is told with what to do about it', (code, facts, text) => {
  expect(problemText({ code, facts })).toBe(text)
})
