/**
 * The numbers that a device follows: those of its template, with what is set in their place.
 *
 * Numbers that each are in range may still contradict one another, and which
 * template they meet is known late. Whoever starts the governor therefore asks here.
 *
 * @module
 */

import { ConfigError } from './errors.ts'
import type { HarvestConfig, HarvestTemplate, HarvestTemplateName } from './harvest.ts'
import { HARVEST_TEMPLATES } from './harvest-templates.ts'

/** Every number that the rules and the governor go by. */
export interface HarvestPolicy
  extends
    HarvestTemplate,
    Required<
      Pick<HarvestConfig, Exclude<keyof HarvestConfig, keyof HarvestTemplate | 'template'>>
    > {
  readonly template: HarvestTemplateName
}

type NumberKey = {
  [Key in keyof HarvestTemplate]: HarvestTemplate[Key] extends number ? Key : never
}[keyof HarvestTemplate]

/** Pairs of which the first must be below the second, or at most equal to it. */
const ORDERS: readonly (readonly [low: NumberKey, relation: '<' | '<=', high: NumberKey])[] = [
  ['cpuResumeCelsius', '<', 'cpuHardCelsius'],
  ['cpuSoftCelsius', '<', 'cpuHardCelsius'],
  ['batteryCpuResumeCelsius', '<', 'batteryCpuHardCelsius'],
  ['batteryCpuSoftCelsius', '<', 'batteryCpuHardCelsius'],
  ['gpuResumeCelsius', '<', 'gpuHardCelsius'],
  ['gpuSoftCelsius', '<', 'gpuHardCelsius'],
  ['packResumeCelsius', '<', 'packHardCelsius'],
  ['packSoftCelsius', '<', 'packHardCelsius'],
  ['busyReopenPercent', '<', 'busyThrottlePercent'],
  ['busyThrottleAfterMs', '<=', 'busyStopAfterMs'],
  ['graceMs', '<=', 'cpuAwayMs'],
  ['cpuAwayMs', '<=', 'gpuAwayMs'],
  ['cpuAwayMs', '<=', 'flapAwayMsMax'],
  ['presentCpuPercent', '<=', 'awayCpuPercent'],
  ['presentGpuPercent', '<=', 'awayGpuPercent'],
  ['presentMemoryPercent', '<=', 'awayMemoryPercent'],
  ['presentNetworkPercent', '<=', 'awayNetworkPercent'],
  ['pressureMemoryPercent', '<=', 'pressureMemoryStopPercent'],
  ['chargeStopPercent', '<=', 'chargeResumePercent'],
]

/**
 * The policy of a device of class `detected`, which `template = "auto"` stands for.
 *
 * @throws {ConfigError} `CONFIG_VALUE_INVALID` for a number that contradicts another.
 */
export function harvestPolicy(config: HarvestConfig, detected: HarvestTemplateName): HarvestPolicy {
  const template = config.template === 'auto' ? detected : config.template
  const given = Object.fromEntries(
    Object.entries(config).filter(([, value]) => value !== undefined),
  ) as Partial<HarvestTemplate> & Omit<HarvestConfig, keyof HarvestTemplate>
  const policy: HarvestPolicy = { ...HARVEST_TEMPLATES[template], ...given, template }
  const broken = contradiction(config, policy)
  if (broken !== undefined) throw broken
  return policy
}

/** What is wrong with `config` whatever class the device is found to be of. */
export function hopelessPolicy(config: HarvestConfig): ConfigError | undefined {
  const names =
    config.template === 'auto'
      ? (Object.keys(HARVEST_TEMPLATES) as HarvestTemplateName[])
      : [config.template]
  let first: ConfigError | undefined
  for (const name of names) {
    try {
      harvestPolicy(config, name)
      return undefined
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      first ??= error
    }
  }
  return first
}

function contradiction(config: HarvestConfig, policy: HarvestPolicy): ConfigError | undefined {
  for (const [low, relation, high] of ORDERS) {
    const [a, b] = [policy[low], policy[high]]
    if (relation === '<' ? a < b : a <= b) continue
    // Templates agree with themselves, so one of the two was set: that one is named.
    const lowIsSet = config[low] !== undefined
    const [name, value, other] = lowIsSet ? [low, a, high] : [high, b, low]
    const side = lowIsSet
      ? relation === '<'
        ? 'less than'
        : 'at most'
      : relation === '<'
        ? 'more than'
        : 'at least'
    return new ConfigError({
      code: 'CONFIG_VALUE_INVALID',
      name: `harvest.${name}`,
      origin: `template ${policy.template}`,
      expected: `${side} ${policy[other]}, which is harvest.${other}`,
      actual: String(value),
    })
  }
  return undefined
}
