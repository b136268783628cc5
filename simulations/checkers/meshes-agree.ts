/**
 * No two honest devices take different headers for certified, each header goes on from the one before, and whoever
 * folds what was decided comes to the same bytes.
 *
 * @module
 */

import type { MeshChecker } from '../meshes/mesh-scenario.ts'

export const meshesAgree: MeshChecker = ({ noted, mishaps }, { kept, problem }) => {
  const headers = new Map<number, Set<string>>()
  for (const { epoch, header, scores } of noted) {
    headers.set(epoch, (headers.get(epoch) ?? new Set()).add(`${header} ${scores}`))
  }
  const forked = [...headers].filter(([, found]) => found.size > 1)
  const torn = noted.filter(({ epoch, parent }) => {
    const before = [...(headers.get(epoch - 1) ?? [])]
    return before.length > 0 && !before.some((header) => header.startsWith(parent))
  })
  const different = [...kept].filter(([, devices]) => new Set(devices.values()).size > 1)
  return [
    ...mishaps,
    ...forked.map(([epoch, found]) => `epoch ${epoch} has ${found.size} certified headers`),
    ...torn.map(({ epoch, device }) => `epoch ${epoch} of device ${device} has another parent`),
    ...different.map(([epoch]) => `disks hold different cuts of epoch ${epoch}`),
    ...(problem === undefined ? [] : [problem]),
  ]
}
