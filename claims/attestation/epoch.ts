/**
 * One piece of evidence a device and epoch, which convinces everybody alike.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { EpochList } from '../../node/api/schemas/attestation.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'
import { until } from '../../test/fixtures/delay.ts'
import type { Claim } from '../claim.ts'
import { TpmFleet } from './tpm-fleet.ts'

const SEEN_MS_MAX = 60_000

export const claim: Claim = {
  sentence:
    'In an epoch one envelope of a device convinces every member, also when others passed it on; in the next one it says nothing.',
  goal: 'two verifiers with equal tiers and evidence of 3 devices, tpm for the one with a TPM; nothing of it in another epoch',
  run: async ({ say }) => {
    await using tpms = new TpmFleet()
    const { fleet, none, trusting } = tpms
    const alice = await fleet.start('alice', tpms.showing(await tpms.startTpm('alice')))
    const bob = await fleet.start('bob', { ...none, ...trusting })
    const carol = await fleet.start('carol', { ...none, ...trusting })
    await fleet.formMesh()
    const epoch = randomBytes(32).toString('hex')
    await appraisals(alice, epoch)
    await appraisals(carol, epoch)
    const views = [await whole(bob, epoch), await whole(carol, epoch)].map(viewOf)
    const [first = '', second = ''] = views
    say(`bob:   ${first}`)
    say(`carol: ${second}`)
    const found = await whole(bob, epoch)
    const tier = found.find(({ peer }) => peer === alice.status.peer)?.tier ?? 'none'
    // bob alone shows evidence of the next epoch: what alice showed before is not in it.
    const later = await appraisals(bob, randomBytes(32).toString('hex'))
    say(`in the next epoch bob knows the evidence of ${later.length} device`)
    return {
      met: first === second && tier === 'tpm' && found.length === 3 && later.length === 1,
      figure: `${found.length} devices, ${first === second ? 'equal' : 'unequal'} views, alice ${tier}; ${later.length} in the next epoch`,
    }
  },
}

async function appraisals({ api }: TestDaemon, epoch: string): Promise<EpochList['appraisals']> {
  return (await api.post<EpochList>('/v1/attestations/epochs', { epoch })).appraisals
}

/** The appraisals once the evidence of all three has come. */
function whole(daemon: TestDaemon, epoch: string): Promise<EpochList['appraisals']> {
  return until(`${daemon.name} has all evidence`, SEEN_MS_MAX, async () => {
    const found = await appraisals(daemon, epoch)
    return found.length === 3 ? found : undefined
  })
}

function viewOf(found: EpochList['appraisals']): string {
  return found
    .map(({ peer, tier, score, evidence }) => {
      const pieces = evidence.map(({ kind, id }) => `${kind} ${id.slice(0, 8)}`)
      return `${peer.slice(-6)} ${tier} ${score} (${pieces.join(', ')})`
    })
    .join('; ')
}
