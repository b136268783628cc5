/**
 * Nobody fails an audit whose work was what it should be, in whatever environment: but where those who accuse it
 * together were drawn together, which a beacon makes rare and nothing else prevents.
 *
 * @module
 */

import type { AuditWorld } from '../audits/audit-world.ts'

export const onlyCheatsFail = ({ ended, members }: AuditWorld): readonly string[] =>
  ended
    .filter(({ outcome, cheated }) => outcome === 'failed' && !cheated)
    .filter(({ verdicts, auditors }) =>
      verdicts.some(({ verdict }, at) => {
        const { kind } = members[auditors[at] ?? 0] ?? {}
        return verdict.confirms !== undefined && kind !== 'colluder'
      }),
    )
    .map(({ provider, auditors }) => {
      const { kind, number } = provider
      return `device ${number}, ${kind}, fails by the verdicts of ${auditors.join(' ')}`
    })
