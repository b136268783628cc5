/**
 * Whole meshes in which up to a third of the devices do as they like, in any weather.
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
import { drawMeshLiars, drawWeather } from '../meshes/mesh-weather.ts'

export const meshesWithLiars = meshScenario({
  name: 'meshes-with-liars',
  question: 'do whole meshes agree and go on while less than a third of their devices lie?',
  plan(random) {
    const devices = 4 + Math.min(below(random, 4), below(random, 4))
    const plan = drawWeather(random, {
      devices,
      epochMs: [1_000, 10_000, 60_000, 300_000][below(random, 4)] ?? 300_000,
      restlessEpochs: 2 + below(random, 6),
      kinds: ['crash', 'power-cut', 'hang', 'clock'],
    })
    const liars = drawMeshLiars(random, devices, Math.floor((devices - 1) / 3))
    return { ...plan, liars }
  },
  checkers: [meshesAgree, meshesGoOn, noHonestDeviceIsAtFault, poolsAreAlike, noDaemonEnds],
})
