/**
 * The numbers that a device of a kind follows when nothing is configured.
 *
 * @module
 */

import {
  type HarvestPolicy,
  harvestPolicy,
  type HarvestTemplateName,
  loadConfig,
} from '../../config/index.ts'

/** The policy of `template`, every setting at its default. */
export function defaultPolicy(template: HarvestTemplateName): HarvestPolicy {
  const sources = { flags: {}, env: {}, platform: 'linux', homeDir: '/nowhere' }
  return harvestPolicy(loadConfig(sources).config.harvest, template)
}
