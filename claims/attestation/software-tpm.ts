/**
 * Daemons with real TPMs in software: who is believed, by whom, and who is not.
 *
 * @module
 */

import type { AttestationView } from '../../node/api/schemas/attestation.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'
import type { Claim } from '../claim.ts'
import { TpmFleet } from './tpm-fleet.ts'

export const claim: Claim = {
  sentence:
    'A device with a TPM is believed where its maker is trusted, and only there; one TPM speaks for one device.',
  goal: 'tier tpm under the test policy, self under the production policy, self for both of two that show one TPM',
  run: async ({ say }) => {
    await using tpms = new TpmFleet()
    return await seen(tpms, say)
  },
}

async function seen(tpms: TpmFleet, say: (text: string) => void) {
  const { fleet, none, trusting } = tpms
  const [alice, twin] = [
    await fleet.start('alice', tpms.showing(await tpms.startTpm('one'))),
    await fleet.start('twin', tpms.showing(await tpms.startTpm('two'))),
  ]
  const bob = await fleet.start('bob', { ...none, ...trusting })
  const carol = await fleet.start('carol', none)
  await fleet.formMesh()
  const tier = async (asking: TestDaemon, peer: TestDaemon): Promise<string> => {
    const found = await asking.api.post<AttestationView>('/v1/attestations', {
      peer: peer.status.peer,
    })
    const codes = found.findings.map(({ code }) => code).join(', ')
    say(
      `${asking.name} takes ${peer.name} for ${found.tier}, ${found.score} under ${found.policy} ${codes}`,
    )
    return found.tier
  }
  const tiers = [
    await tier(bob, alice),
    await tier(carol, alice),
    await tier(bob, twin),
    (
      await bob.api.get<{ attestations: readonly AttestationView[] }>('/v1/attestations')
    ).attestations.find(({ peer }) => peer === alice.status.peer)?.tier ?? 'none',
  ]
  say(`after that bob takes alice for ${tiers[3]}`)
  return {
    met: tiers.join() === 'tpm,self,self,self',
    figure: `trusted maker ${tiers[0]}, unknown maker ${tiers[1]}, two with one TPM ${tiers[2]} and ${tiers[3]}`,
    facts: { tiers },
  }
}
