/**
 * The door of config/: what an operator may change, and how it is put together.
 *
 * `paths.ts`, `quantity.ts` and `nearest.ts` are side doors: they need no schema,
 * and most commands should load none.
 *
 * @module
 */

export { HARVEST_TEMPLATE_NAMES, type HarvestTemplateName } from './harvest.ts'
export { type HarvestPolicy, harvestPolicy } from './harvest-policy.ts'
export { loadConfig, type LoadedConfig, originText } from './load.ts'
export { stateDirDefault } from './paths.ts'
export type { Config } from './sections.ts'
export { SETTINGS } from './settings.ts'
export { minutesLeft, minutesUntil, parseTimeWindow, type TimeWindow } from './time-window.ts'
