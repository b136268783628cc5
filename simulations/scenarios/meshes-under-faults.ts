/**
 * Whole meshes whose devices crash, lose their power, hang and drift, on ways that lose, delay and part them.
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
import { drawWeather } from '../meshes/mesh-weather.ts'

export const meshesUnderFaults = meshScenario({
  name: 'meshes-under-faults',
  question: 'do whole meshes agree in any weather, and go on as one when it is over?',
  testSeeds: 2,
  plan(random) {
    return drawWeather(random, {
      devices: 4 + Math.min(below(random, 4), below(random, 4)),
      epochMs: [1_000, 10_000, 60_000, 300_000][below(random, 4)] ?? 300_000,
      restlessEpochs: 2 + below(random, 8),
      kinds: ['crash', 'power-cut', 'stop', 'hang', 'clock', 'disk', 'rot', 'wipe'],
    })
  },
  checkers: [meshesAgree, meshesGoOn, noHonestDeviceIsAtFault, poolsAreAlike, noDaemonEnds],
})
