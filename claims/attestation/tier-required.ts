/**
 * A job that requires the TPM tier: who runs it, and what is said when nobody may.
 *
 * @module
 */

import type { PeerList } from '../../node/api/schemas/peers.ts'
import type { TestDaemon } from '../../test/fixtures/daemons.ts'
import { addNetwork } from '../../test/fixtures/sample-models.ts'
import type { Claim } from '../claim.ts'
import { TpmFleet } from './tpm-fleet.ts'

export const claim: Claim = {
  sentence:
    'A job that requires an attestation tier runs only where evidence reaches it, as the requester appraises it; what a device says of itself counts for nothing.',
  goal: 'all stages on the device with the TPM, PLACEMENT_TIER without it',
  run: async ({ say }) => {
    await using tpms = new TpmFleet()
    const { fleet } = tpms
    const { alice, bob } = await mesh(tpms)
    const nameOf = new Map(fleet.daemons.map(({ name, status }) => [status.peer, name]))
    const network = await addNetwork(bob.api, 'cls')
    const job = { model: network.id, inputs: [network.input(1), network.input(1)] }
    const requiring = { ...job, requirements: { tier: 'tpm' as const } }
    /** Names of the devices of its stages, or the code of its failure. */
    const run = async (asked: typeof job): Promise<string> => {
      const { stages, error } = await bob.api.runJob(asked)
      const places = new Set(stages.map(({ peer }) => nameOf.get(peer)))
      const outcome = error?.code ?? [...places].join(' ')
      say(`${JSON.stringify({ ...asked, inputs: undefined, model: undefined })}: ${outcome}`)
      return outcome
    }
    await run(job)
    const required = await run(requiring)
    const { peers } = await bob.api.get<PeerList>('/v1/peers')
    const tiers = peers
      .filter(({ peer }) => nameOf.get(peer) === 'mallory')
      .map(({ offeredTier, tier }) => `says ${offeredTier}, is found ${tier}`)
    await alice.stop()
    const left = await run(requiring)
    const figure = `runs on ${required}; without it ${left}; mallory ${tiers.join()}`
    return {
      met: figure === 'runs on alice; without it PLACEMENT_TIER; mallory says tpm, is found self',
      figure,
    }
  },
}

/** alice's maker is trusted by bob; mallory says that it has a TPM, too; dave has none. */
async function mesh(tpms: TpmFleet): Promise<{ alice: TestDaemon; bob: TestDaemon }> {
  const { fleet, none, trusting } = tpms
  const alice = await fleet.start('alice', tpms.showing(await tpms.startTpm('alice')))
  // It shows no issuer: its evidence leads to no root.
  const { socket } = await tpms.startTpm('mallory')
  await fleet.start('mallory', { ...none, BRUME_ATTESTATION_TPM: socket })
  await fleet.start('dave', none)
  const bob = await fleet.start('bob', { ...none, ...trusting })
  await fleet.formMesh()
  return { alice, bob }
}
