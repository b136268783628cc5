/**
 * A verdict of whoever ran nothing is never taken: neither one that says what its auditor was just told, nor one that
 * keeps to what it was bound to and agrees all the same.
 *
 * @module
 */

import type { AuditWorld } from '../audits/audit-world.ts'

export const copiesCountNothing = ({ ended, members }: AuditWorld): readonly string[] =>
  ended.flatMap(({ auditors, provider }) =>
    auditors
      .map((number) => members[number])
      .filter((member) => member?.kind === 'copy-cat' || member?.kind === 'echo')
      .map((member) => {
        return `a verdict of device ${member?.number}, ${member?.kind}, on device ${provider.number} counts`
      }),
  )
