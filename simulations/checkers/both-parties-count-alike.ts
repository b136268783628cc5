/**
 * When it is calm, two honest devices that lost nothing count the same for what one did for the other; what a provider
 * counts, its requester has granted.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import type { LedgerChecker } from '../ledgers/ledger-scenario.ts'

export const bothPartiesCountAlike: LedgerChecker = ({ honest, testimony }, { ledgers }) => {
  const whole = honest.filter((device) => !testimony.lossy.has(device))
  const talliesOf = (number: number) =>
    ledgers.find(({ device }) => device === number)?.report.log?.peers
  return whole.flatMap((requester) =>
    whole.flatMap((provider) => {
      const tally = (one: number, other: PeerId) => talliesOf(one)?.get(other)
      const spent = tally(requester.number, provider.signer.peer)?.spentMilliCredits ?? 0
      const earned = tally(provider.number, requester.signer.peer)?.earnedMilliCredits ?? 0
      if (earned <= spent) return []
      const pair = `device ${provider.number} for device ${requester.number}`
      return [`${pair}: earned ${earned}, and was granted ${spent}`]
    }),
  )
}
