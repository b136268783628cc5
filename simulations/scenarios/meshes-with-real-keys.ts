/**
 * A small mesh that signs with Ed25519, in which one device speaks for others, or for nobody, or with keys of small order.
 *
 * @module
 */

import { meshesAgree } from '../checkers/meshes-agree.ts'
import { meshesGoOn } from '../checkers/meshes-go-on.ts'
import { noDaemonEnds } from '../checkers/no-daemon-ends.ts'
import { noHonestDeviceIsAtFault } from '../checkers/no-honest-device-is-at-fault.ts'
import { poolsAreAlike } from '../checkers/pools-are-alike.ts'
import { below } from '../faults.ts'
import { meshScenario } from '../meshes/mesh-scenario.ts'
import { PEACE } from '../meshes/mesh-weather.ts'

/** Those who would get away with it, were signatures not looked at as they should be. */
const FORGERS = ['babbler', 'slanderer', 'replayer', 'equivocator'] as const

export const meshesWithRealKeys = meshScenario({
  name: 'meshes-with-real-keys',
  question: 'does a mesh with real signatures go on beside a device that forges what it can?',
  ed25519: true,
  plan: (random) => ({
    ...PEACE,
    devices: 4,
    epochMs: 60_000,
    restlessEpochs: 1,
    liars: new Map([[1 + below(random, 3), FORGERS[below(random, FORGERS.length)] ?? 'babbler']]),
  }),
  checkers: [meshesAgree, meshesGoOn, noHonestDeviceIsAtFault, poolsAreAlike, noDaemonEnds],
})
