/**
 * Whole meshes whose devices join, leave in words, and get owners, in some weather.
 *
 * @module
 */

import { meshesAgree } from '../checkers/meshes-agree.ts'
import { meshesGoOn } from '../checkers/meshes-go-on.ts'
import { noDaemonEnds } from '../checkers/no-daemon-ends.ts'
import { noHonestDeviceIsAtFault } from '../checkers/no-honest-device-is-at-fault.ts'
import { poolsAreAlike } from '../checkers/pools-are-alike.ts'
import { seatsFollowDevices } from '../checkers/seats-follow-devices.ts'
import { below } from '../faults.ts'
import { meshScenario } from '../meshes/mesh-scenario.ts'
import { drawWeather, drawWishes, PEACE } from '../meshes/mesh-weather.ts'

export const meshesThatChange = meshScenario({
  name: 'meshes-that-change',
  question: 'do the seats of whole meshes follow who joins, leaves and gets an owner?',
  plan(random) {
    const devices = 4 + Math.min(below(random, 4), below(random, 4))
    const epochMs = [10_000, 60_000, 300_000][below(random, 3)] ?? 300_000
    const restlessEpochs = 4 + below(random, 6)
    const kinds = ['crash', 'power-cut', 'hang'] as const
    const plan = drawWeather(random, { devices, epochMs, restlessEpochs, kinds })
    const fromMs = PEACE.peaceEpochs * epochMs
    const toMs = fromMs + restlessEpochs * epochMs
    const wishes = drawWishes(random, { fromMs, toMs, devices, epochMs })
    return { ...plan, wishes }
  },
  checkers: [
    meshesAgree,
    meshesGoOn,
    seatsFollowDevices,
    noHonestDeviceIsAtFault,
    poolsAreAlike,
    noDaemonEnds,
  ],
})
