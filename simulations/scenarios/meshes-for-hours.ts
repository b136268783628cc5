/**
 * Larger meshes over a working day of epochs, with a third of liars, any weather, and devices that come and go.
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

export const meshesForHours = meshScenario({
  name: 'meshes-for-hours',
  question:
    'do up to sixteen devices agree over fifty epochs, while less than a third of them lie?',
  plan(random) {
    const devices = 8 + below(random, 9)
    const plan = drawWeather(random, {
      devices,
      epochMs: 300_000,
      restlessEpochs: 10 + below(random, 31),
      kinds: ['crash', 'power-cut', 'stop', 'hang', 'clock', 'disk'],
    })
    return { ...plan, liars: drawMeshLiars(random, devices, Math.floor((devices - 1) / 3)) }
  },
  checkers: [meshesAgree, meshesGoOn, noHonestDeviceIsAtFault, poolsAreAlike, noDaemonEnds],
})
