/**
 * How much of a device is lent, resource by resource.
 *
 * @module
 */

/** What a rule may cap. */
export const RESOURCES = ['cpu', 'gpu', 'memory', 'network', 'lease'] as const

export type Resource = (typeof RESOURCES)[number]

/**
 * Shares from 0 to 1.
 *
 * `cpu` of all logical processors, `gpu` of its time, `memory` of all memory,
 * `network` of the measured uplink, `lease` of the longest lease of the policy.
 */
export type Levels = Readonly<Record<Resource, number>>

/** Nothing is lent. */
export const NO_LEVELS: Levels = { cpu: 0, gpu: 0, memory: 0, network: 0, lease: 0 }
