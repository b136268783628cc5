/**
 * All sections together: the shape of a configuration.
 *
 * @module
 */

import { type ApiConfig, apiSection } from './api.ts'
import { type AttestationConfig, attestationSection } from './attestation.ts'
import { type AuditConfig, auditSection } from './audit.ts'
import { type HarvestConfig, harvestSection } from './harvest.ts'
import { type ModelsConfig, modelsSection } from './models.ts'
import { type NetworkConfig, networkSection } from './network.ts'
import { type PresenceConfig, presenceSection } from './presence.ts'
import { type RuntimeConfig, runtimeSection } from './runtime.ts'
import { type SchedulerConfig, schedulerSection } from './scheduler.ts'
import { type StateConfig, stateSection } from './state.ts'
import { type TelemetryConfig, telemetrySection } from './telemetry.ts'
import { type TrustConfig, trustSection } from './trust.ts'

/** Every setting with its value, checked one by one and against one another. */
export interface Config {
  readonly state: StateConfig
  readonly network: NetworkConfig
  readonly api: ApiConfig
  readonly runtime: RuntimeConfig
  readonly models: ModelsConfig
  readonly presence: PresenceConfig
  readonly scheduler: SchedulerConfig
  readonly attestation: AttestationConfig
  readonly audit: AuditConfig
  readonly harvest: HarvestConfig
  readonly trust: TrustConfig
  readonly telemetry: TelemetryConfig
}

/** The schema of each section, in the order in which documents list them. */
export const CONFIG_SECTIONS = {
  state: stateSection,
  network: networkSection,
  api: apiSection,
  runtime: runtimeSection,
  models: modelsSection,
  presence: presenceSection,
  scheduler: schedulerSection,
  attestation: attestationSection,
  audit: auditSection,
  harvest: harvestSection,
  trust: trustSection,
  telemetry: telemetrySection,
} as const
