import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AttestationList, AttestationView } from '../../node/api/schemas/attestation.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import {
  makeSoftwareTpm,
  SoftwareTpm,
  softwareTpmAtHand,
  softwareTpmAuthority,
  softwareTpmNote,
} from '../fixtures/software-tpm.ts'

describe.skipIf(!softwareTpmAtHand)(`daemons that attest themselves${softwareTpmNote}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'brume-attest-'))
  const fleet = new DaemonFleet()
  let tpms: readonly SoftwareTpm[] = []
  let [alice, twin, bob, carol]: TestDaemon[] = []

  /**
   * alice has a TPM, twin shows the very same one, bob believes its maker under the test policy, carol has the production policy.
   */
  beforeAll(async () => {
    makeSoftwareTpm(folder)
    const { issuer, root } = softwareTpmAuthority(folder)
    const [issuers, roots] = [join(folder, 'issuer.pem'), join(folder, 'root.pem')]
    writeFileSync(issuers, issuer)
    writeFileSync(roots, root)
    tpms = [await SoftwareTpm.start(folder, 'one'), await SoftwareTpm.start(folder, 'two')]
    const withTpm = (tpm: SoftwareTpm | undefined) => ({
      BRUME_ATTESTATION_TPM: tpm?.socket ?? 'none',
      BRUME_ATTESTATION_ISSUERS: issuers,
    })
    alice = await fleet.start('alice', withTpm(tpms[0]))
    twin = await fleet.start('twin', withTpm(tpms[1]))
    bob = await fleet.start('bob', {
      BRUME_ATTESTATION_TPM: 'none',
      BRUME_ATTESTATION_POLICY: 'test',
      BRUME_ATTESTATION_ROOTS: roots,
    })
    carol = await fleet.start('carol', { BRUME_ATTESTATION_TPM: 'none' })
    await fleet.formMesh()
  })
  afterAll(async () => {
    await fleet[Symbol.asyncDispose]()
    await Promise.all(tpms.map((tpm) => tpm.stop()))
    rmSync(folder, { recursive: true })
  })

  const ask = (asking: TestDaemon | undefined, peer: TestDaemon | undefined) =>
    asking?.api.post<AttestationView>('/v1/attestations', { peer: peer?.status.peer })

  it('reach the TPM tier where the maker is trusted, and only there', async () => {
    expect(await ask(bob, alice)).toMatchObject({
      tier: 'tpm',
      status: 'affirming',
      score: 0.7,
      policy: 'test-1',
      kinds: ['self', 'tpm'],
      findings: [],
    })
    expect(await ask(carol, alice)).toMatchObject({
      tier: 'self',
      score: 0.3,
      policy: 'production-1',
      kinds: ['self'],
      findings: [{ code: 'X509_ANCHOR_UNKNOWN' }],
    })
  })

  it('give their word where they have no TPM', async () => {
    expect(await ask(bob, carol)).toMatchObject({ tier: 'self', kinds: ['self'], findings: [] })
  })

  it('are taken at their word only while two of them show one TPM', async () => {
    expect(await ask(bob, twin)).toMatchObject({
      tier: 'self',
      score: 0.3,
      findings: [{ code: 'POLICY_HARDWARE_SHARED' }],
    })
    const list = await bob?.api.get<AttestationList>('/v1/attestations')
    const tiers = list?.attestations.map(({ peer, tier }) => [peer, tier])
    expect(tiers).toEqual([
      [alice?.status.peer, 'self'],
      [carol?.status.peer, 'self'],
      [twin?.status.peer, 'self'],
    ])
  })

  it('are told apart again once one has given the TPM to the other', async () => {
    const peer = twin?.status.peer
    const given = await alice?.api.post<{ handover: string }>('/v1/attestations/handovers', {
      peer,
    })
    await expect(bob?.api.post('/v1/attestations/handovers/accept', given)).rejects.toMatchObject({
      message: expect.stringContaining('another device'),
    })
    await twin?.api.post('/v1/attestations/handovers/accept', given)
    expect(await ask(bob, twin)).toMatchObject({ tier: 'tpm', score: 0.7, findings: [] })
    expect(await ask(bob, alice)).toMatchObject({ tier: 'self' })
    expect(await ask(bob, twin)).toMatchObject({ tier: 'tpm' })
  })

  it('stay what they were when they cannot be reached', async () => {
    await alice?.stop()
    await expect(ask(carol, alice)).rejects.toBeInstanceOf(Error)
    const list = await carol?.api.get<AttestationList>('/v1/attestations')
    expect(list?.attestations).toMatchObject([{ peer: alice?.status.peer, tier: 'self' }])
  })
})
