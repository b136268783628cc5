/**
 * Every scenario, in the order in which they are listed.
 *
 * @module
 */

import type { Scenario } from './scenario.ts'
import { auditsWithLiars } from './scenarios/audits-with-liars.ts'
import { blocksFromAnyone } from './scenarios/blocks-from-anyone.ts'
import { blocksWithLiars } from './scenarios/blocks-with-liars.ts'
import { campusDay } from './scenarios/campus-day.ts'
import { epochsBeyondAThird } from './scenarios/epochs-beyond-a-third.ts'
import { epochsInBytes } from './scenarios/epochs-in-bytes.ts'
import { epochsInPeace } from './scenarios/epochs-in-peace.ts'
import { epochsOfOwners } from './scenarios/epochs-of-owners.ts'
import { epochsOfTheEclipsed } from './scenarios/epochs-of-the-eclipsed.ts'
import { epochsUnderFaults } from './scenarios/epochs-under-faults.ts'
import { epochsWithLiars } from './scenarios/epochs-with-liars.ts'
import { epochsWithLostDisks } from './scenarios/epochs-with-lost-disks.ts'
import { ledgersInPeace } from './scenarios/ledgers-in-peace.ts'
import { ledgersThatCrash } from './scenarios/ledgers-that-crash.ts'
import { ledgersWithLiars } from './scenarios/ledgers-with-liars.ts'
import { ledgersWithLostDisks } from './scenarios/ledgers-with-lost-disks.ts'
import { meshesForHours } from './scenarios/meshes-for-hours.ts'
import { meshesThatChange } from './scenarios/meshes-that-change.ts'
import { meshesUnderFaults } from './scenarios/meshes-under-faults.ts'
import { meshesWithLiars } from './scenarios/meshes-with-liars.ts'
import { meshesWithRealKeys } from './scenarios/meshes-with-real-keys.ts'
import { presenceComesTrue } from './scenarios/presence-comes-true.ts'
import { seatsOfOwners } from './scenarios/seats-of-owners.ts'
import { seatsThatLeave } from './scenarios/seats-that-leave.ts'
import { sessionsInBytes } from './scenarios/sessions-in-bytes.ts'
import { sessionsInPeace } from './scenarios/sessions-in-peace.ts'
import { sessionsOfSleepers } from './scenarios/sessions-of-sleepers.ts'
import { sessionsThatLeave } from './scenarios/sessions-that-leave.ts'
import { sessionsUnderKills } from './scenarios/sessions-under-kills.ts'
import { sessionsWithHangs } from './scenarios/sessions-with-hangs.ts'
import { sessionsWithIslands } from './scenarios/sessions-with-islands.ts'
import { sessionsWithPartitions } from './scenarios/sessions-with-partitions.ts'
import { sessionsWithSlowLoads } from './scenarios/sessions-with-slow-loads.ts'
import { sessionsWithSmallJournals } from './scenarios/sessions-with-small-journals.ts'
import { sessionsWithoutEnoughDevices } from './scenarios/sessions-without-enough-devices.ts'
import { tenThousandDevices } from './scenarios/ten-thousand-devices.ts'
import { textsInPeace } from './scenarios/texts-in-peace.ts'
import { textsInTrouble } from './scenarios/texts-in-trouble.ts'
import { textsOverMixedLinks } from './scenarios/texts-over-mixed-links.ts'
import { textsThatLeave } from './scenarios/texts-that-leave.ts'
import { textsWithLiars } from './scenarios/texts-with-liars.ts'
import { textsUnderKills } from './scenarios/texts-under-kills.ts'
import { trustAfterACon } from './scenarios/trust-after-a-con.ts'
import { trustOfAGrowingMesh } from './scenarios/trust-of-a-growing-mesh.ts'
import { trustOfMovingAnchors } from './scenarios/trust-of-moving-anchors.ts'
import { trustOfOwners } from './scenarios/trust-of-owners.ts'
import { trustUnderSlander } from './scenarios/trust-under-slander.ts'
import { trustUnderSwarms } from './scenarios/trust-under-swarms.ts'

/** Those of which one seed takes long: they run only when they are asked for by name. */
export const LARGE_SCENARIOS: readonly Scenario[] = [tenThousandDevices, meshesForHours]

export const SCENARIOS: readonly Scenario[] = [
  sessionsInPeace,
  sessionsUnderKills,
  sessionsWithHangs,
  sessionsWithPartitions,
  sessionsWithIslands,
  sessionsThatLeave,
  sessionsWithSmallJournals,
  sessionsWithSlowLoads,
  sessionsOfSleepers,
  sessionsWithoutEnoughDevices,
  sessionsInBytes,
  textsInPeace,
  textsUnderKills,
  textsInTrouble,
  textsThatLeave,
  textsWithLiars,
  textsOverMixedLinks,
  blocksWithLiars,
  blocksFromAnyone,
  presenceComesTrue,
  epochsInPeace,
  epochsUnderFaults,
  epochsWithLiars,
  epochsWithLostDisks,
  epochsBeyondAThird,
  epochsOfOwners,
  epochsOfTheEclipsed,
  epochsInBytes,
  meshesUnderFaults,
  meshesWithLiars,
  meshesThatChange,
  meshesWithRealKeys,
  ledgersInPeace,
  ledgersThatCrash,
  ledgersWithLostDisks,
  ledgersWithLiars,
  auditsWithLiars,
  seatsThatLeave,
  seatsOfOwners,
  trustUnderSwarms,
  trustUnderSlander,
  trustAfterACon,
  trustOfAGrowingMesh,
  trustOfMovingAnchors,
  trustOfOwners,
  campusDay,
]
