/**
 * A daemon ends only because its disk fails.
 *
 * @module
 */

import type { MeshChecker } from '../meshes/mesh-scenario.ts'

const OF_THE_DISK: ReadonlySet<string> = new Set(['ENOSPC', 'EIO'])

export const noDaemonEnds: MeshChecker = ({ failures, plan }) =>
  failures
    .filter(({ device, code }) => !plan.liars.has(device) && !OF_THE_DISK.has(code))
    .map(({ device, code }) => `device ${device} ended: ${code}`)
