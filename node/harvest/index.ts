/**
 * The door of node/harvest: what the daemon and its faces use of the governor.
 *
 * @module
 */

export {
  type Decision,
  type GiveBack,
  type GiveBackStep,
  GOVERNOR_STATES,
  type GovernorState,
} from './decision.ts'
export { HarvestError } from './errors.ts'
export { AvailabilityForecast } from './governor/availability-forecast.ts'
export { DecisionLog } from './governor/decision-log.ts'
export { Governor } from './governor/governor.ts'
export { type Levels, NO_LEVELS, type Resource, RESOURCES } from './levels.ts'
export { known, type Quality, type Reading, unknown } from './reading.ts'
export { type Reason, REASON_MEANINGS, type ReasonCode } from './reasons.ts'
export type {
  Battery,
  BoardFlags,
  CpuUse,
  DiskSpace,
  GpuUse,
  Inhibitor,
  Isolation,
  MemoryUse,
  NetworkUse,
  PowerSupply,
  Pressure,
  Readings,
  Sample,
  SignalName,
  Signals,
  ThermalZone,
  Wish,
  WorkHere,
} from './signals.ts'
export { TRACE_FILE, TraceRecorder } from './traces/trace-recorder.ts'
