/**
 * The device runs on its battery: work stops, or has a small share where the owner allows it.
 *
 * @module
 */

import { type Latch, LATCH_OFF, latchEndMs, stepLatch } from '../governor/latch.ts'
import type { ReasonCode } from '../reasons.ts'
import { type PowerState, powerState } from './power-state.ts'
import { type Cap, NO_CAPS, onBoth, rule, share, spanText, type View } from './rule.ts'

export const onBattery = rule<Latch>({
  name: 'on-battery',
  initial: LATCH_OFF,
  step: (state, view) => {
    const { nowMs, elapsedMs, policy } = view
    const power = powerState(view)
    const running =
      power.source === 'battery' ||
      (power.source === 'unseen' && policy.powerUnknownMeans === 'battery')
    const allowed = running && power.source === 'battery' ? allowedCaps(power, view) : undefined
    if (allowed !== undefined && !state.on) return { state, caps: allowed }
    const charged = (power.chargeFraction ?? 1) >= share(policy.chargeResumePercent)
    const times = {
      raiseMs: 0,
      clearMs: policy.chargerHoldMs,
      dwellMs: policy.batteryGuardMs,
    }
    const tick = { nowMs, elapsedMs, raise: running, clear: !running && charged }
    const latch = stepLatch(state, tick, times)
    if (!latch.on) return { state: latch, caps: NO_CAPS }
    return { state: latch, caps: stoppedCaps(latch, power, { running, charged, view }) }
  },
})

/** The caps where work may run on the battery, or undefined where it may not. */
function allowedCaps({ chargeFraction }: PowerState, view: View): readonly Cap[] | undefined {
  const { onBattery: allow, batteryChargePercentMin, batteryCpuPercent } = view.policy
  if (allow === 'stop' || (chargeFraction ?? 0) < share(batteryChargePercentMin)) return undefined
  const cause = {
    code: 'ON_BATTERY' as const,
    signal: 'supplies' as const,
    unblocks: 'the charger is plugged in',
  }
  return [
    { ...cause, resource: 'cpu', cap: share(batteryCpuPercent) },
    { ...cause, resource: 'gpu', cap: 0 },
  ]
}

interface Stop {
  readonly running: boolean
  readonly charged: boolean
  readonly view: View
}

function stoppedCaps(
  latch: Latch,
  power: PowerState,
  { running, charged, view }: Stop,
): readonly Cap[] {
  const { policy, nowMs } = view
  const times = { raiseMs: 0, clearMs: policy.chargerHoldMs, dwellMs: policy.batteryGuardMs }
  const { source, chargeFraction } = power
  const detail =
    chargeFraction === undefined ? {} : { detail: `charge ${Math.round(100 * chargeFraction)} %` }
  const unblocks = `${spanText(policy.chargerHoldMs)} on the charger and a charge of ${policy.chargeResumePercent} %`
  if (running) {
    const code: ReasonCode = source === 'unseen' ? 'SENSOR_STALE' : 'ON_BATTERY'
    return onBoth({ cap: 0, code, signal: 'batteries', unblocks, ...detail })
  }
  if (!charged) {
    return onBoth({ cap: 0, code: 'CHARGE_FIRST', signal: 'batteries', unblocks, ...detail })
  }
  const untilMs = latchEndMs(latch, nowMs, times)
  return onBoth({ cap: 0, code: 'DWELL', after: 'ON_BATTERY', untilMs, unblocks, ...detail })
}
