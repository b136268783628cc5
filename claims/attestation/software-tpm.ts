/**
 * Daemons with real TPMs in software: who is believed, by whom, and who is not.
 *
 * @module
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AttestationView } from '../../node/api/schemas/attestation.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import {
  makeSoftwareTpm,
  SoftwareTpm,
  softwareTpmAtHand,
  softwareTpmAuthority,
} from '../../test/fixtures/software-tpm.ts'
import type { Claim } from '../claim.ts'

export const claim: Claim = {
  sentence:
    'A device with a TPM is believed where its maker is trusted, and only there; one TPM speaks for one device.',
  goal: 'tier tpm under the test policy, self under the production policy, self for both of two that show one TPM',
  run: async ({ say }) => {
    if (!softwareTpmAtHand) throw new Error('needs the Debian packages swtpm and swtpm-tools')
    const folder = mkdtempSync(join(tmpdir(), 'brume-claim-tpm-'))
    makeSoftwareTpm(folder)
    const tpms = [await SoftwareTpm.start(folder, 'one'), await SoftwareTpm.start(folder, 'two')]
    try {
      return await seen(folder, tpms, say)
    } finally {
      await Promise.all(tpms.map((tpm) => tpm.stop()))
      rmSync(folder, { recursive: true })
    }
  },
}

async function seen(folder: string, tpms: readonly SoftwareTpm[], say: (text: string) => void) {
  await using fleet = new DaemonFleet()
  const { issuer, root } = softwareTpmAuthority(folder)
  const [issuers, roots] = [join(folder, 'issuer.pem'), join(folder, 'root.pem')]
  writeFileSync(issuers, issuer)
  writeFileSync(roots, root)
  const withTpm = (index: number) => ({
    BRUME_ATTESTATION_TPM: tpms[index]?.socket ?? 'none',
    BRUME_ATTESTATION_ISSUERS: issuers,
  })
  const test = { BRUME_ATTESTATION_POLICY: 'test', BRUME_ATTESTATION_ROOTS: roots }
  const none = { BRUME_ATTESTATION_TPM: 'none' }
  const [alice, twin] = [
    await fleet.start('alice', withTpm(0)),
    await fleet.start('twin', withTpm(1)),
  ]
  const bob = await fleet.start('bob', { ...none, ...test })
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
