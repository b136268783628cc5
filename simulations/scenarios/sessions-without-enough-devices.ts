/**
 * Too few devices, devices that cannot load, requests on which every device fails.
 *
 * @module
 */

import type { FaultCode } from '../../protocols/inference/index.ts'
import { below, drawFaults } from '../faults.ts'
import { ORDINARY, sessionScenario } from '../session-scenario.ts'

const LOAD_FAULTS: readonly FaultCode[] = [
  'INFERENCE_LOAD_FAILED',
  'INFERENCE_MEMORY',
  'INFERENCE_OPEN_REFUSED',
  'INFERENCE_OVERLOADED',
]

export const sessionsWithoutEnoughDevices = sessionScenario({
  name: 'sessions-without-enough-devices',
  question: 'does a session that cannot go on say why, and leave nothing behind?',
  plan(random) {
    const stages = 1 + below(random, 4)
    const spares = below(random, 4)
    const faults = drawFaults(random, {
      types: ['kill', 'power-cut', 'crash', 'hang', 'freeze', 'leave', 'cut', 'sleep'],
      countMax: 6,
      untilMs: 3_000,
      forMsMax: 40_000,
      stages,
    })
    const loadFaults = new Map<number, FaultCode>()
    for (let device = 0; device < stages + spares; device++) {
      const fault = LOAD_FAULTS[below(random, 4 * LOAD_FAULTS.length)]
      if (fault !== undefined) loadFaults.set(device, fault)
    }
    const poison = random.fraction() < 0.3 ? { poison: below(random, 40) } : {}
    const recoveriesMax = below(random, 6)
    return { ...ORDINARY, stages, spares, faults, loadFaults, recoveriesMax, ...poison }
  },
  checkers: [],
})
