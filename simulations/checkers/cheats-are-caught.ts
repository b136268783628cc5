/**
 * Whoever cheats again and again fails: at the latest in one of so many audits of what it did not do.
 *
 * @module
 */

import type { AuditWorld } from '../audits/audit-world.ts'

const AUDITS = 12

export const cheatsAreCaught = ({ ended, members }: AuditWorld): readonly string[] =>
  members.flatMap((member) => {
    const cheated = ended.filter((audit) => audit.provider === member && audit.cheated)
    const caught = cheated.slice(0, AUDITS).some(({ counts }) => counts === 'failed')
    if (caught || cheated.length < AUDITS) return []
    return [
      `device ${member.number}, ${member.kind}, cheated ${cheated.length} times and never failed`,
    ]
  })
