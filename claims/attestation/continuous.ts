/**
 * A device that changes after it was appraised: who notices, and what a rolled-back TPM is worth.
 *
 * @module
 */

import type {
  AttestationList,
  AttestationResultList,
  AttestationView,
} from '../../node/api/schemas/attestation.ts'
import { vector, vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'
import { until } from '../../test/fixtures/delay.ts'
import type { Claim } from '../claim.ts'
import { TpmFleet } from './tpm-fleet.ts'

const HEARD_MS_MAX = 30_000
/** A device looks at its TPM once a minute. */
const NOTICED_MS_MAX = 120_000

export const claim: Claim = {
  sentence:
    'What one device finds, others find again from the same evidence; when registers change a device is asked anew by itself, and a TPM that was rolled back counts nothing.',
  goal: 'the third finds tpm and agrees, new registers are appraised within two minutes, the old TPM state is self by POLICY_CLOCK_BACK',
  run: async ({ say }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    await using tpms = new TpmFleet()
    const { fleet, none, trusting } = tpms
    const tpm = await tpms.startTpm('alice')
    const alice = await fleet.start('alice', tpms.showing(tpm))
    const bob = await fleet.start('bob', { ...none, ...trusting })
    const carol = await fleet.start('carol', { ...none, ...trusting })
    await fleet.formMesh()
    const { peer } = alice.status
    const first = await bob.api.post<AttestationView>('/v1/attestations', { peer })
    const recheck = await heard(carol, peer)
    say(`bob finds alice ${first.tier}; carol repeats it: ${recheck}`)
    const beganMs = performance.now()
    await tpm.measure(vector('eventlog/gtt-rhel8-uefi.bin'))
    await until('bob asks alice anew', NOTICED_MS_MAX, async () => {
      const again = await known(bob, peer)
      return again !== undefined && again.appraisedMs > first.appraisedMs ? true : undefined
    })
    const seconds = Math.round((performance.now() - beganMs) / 1000)
    say(`registers changed: bob asked again by himself after ${seconds} s`)
    await alice.stop()
    // The state of before, as from a backup: its clock is behind what bob saw.
    const older = await fleet.start('alice', tpms.showing(await tpms.startTpm('older')))
    await fleet.awaitPeers(3)
    const rolled = await until('bob reaches alice', HEARD_MS_MAX, () =>
      bob.api
        .post<AttestationView>('/v1/attestations', { peer: older.status.peer })
        .catch(() => undefined),
    )
    const codes = rolled.findings.map(({ code }) => code).join()
    say(`alice with the TPM state of before: ${rolled.tier}, ${codes}`)
    const figure = `${first.tier}, ${recheck}; after a rollback ${rolled.tier} by ${codes}`
    return {
      met: figure === 'tpm, agrees; after a rollback self by POLICY_CLOCK_BACK',
      figure: `${figure}; asked again ${seconds} s after registers changed`,
    }
  },
}

/** What `daemon` made of the result that somebody else signed about `peer`. */
function heard({ api }: TestDaemon, peer: string): Promise<string> {
  return until('a result is heard and repeated', HEARD_MS_MAX, async () => {
    const { results } = await api.get<AttestationResultList>('/v1/attestations/results')
    const recheck = results.find(({ attester }) => attester === peer)?.recheck
    return recheck === 'waiting' ? undefined : recheck
  })
}

async function known({ api }: TestDaemon, peer: string): Promise<AttestationView | undefined> {
  const { attestations } = await api.get<AttestationList>('/v1/attestations')
  return attestations.find((one) => one.peer === peer)
}
