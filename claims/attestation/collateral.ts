/**
 * Collateral that one device imports: all have it, and nobody brings back an older one.
 *
 * @module
 */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CollateralList } from '../../node/api/schemas/attestation.ts'
import type { ApiClient } from '../../test/fixtures/api-client.ts'
import { vectorPath, vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import { DaemonFleet, type TestDaemon } from '../../test/fixtures/daemons.ts'
import { until } from '../../test/fixtures/delay.ts'
import type { Claim } from '../claim.ts'

const PATH = '/v1/attestations/collateral'
const BUNDLE = 'tdx/phala-tdx_quote_collateral.json'
/** An older identity of the same enclave. */
const OLDER = 'tdx/go-tdx-sample_qeIdentity_response'
const TOLD_MS_MAX = 20_000

export const claim: Claim = {
  sentence:
    'Collateral of a vendor that one device imports is verified and kept by all, also by one that comes later or restarts; an older one is refused.',
  goal: '4 of 4 items on three devices, COLLATERAL_OLDER for the older one',
  run: async ({ say }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    const folder = mkdtempSync(join(tmpdir(), 'brume-claim-collateral-'))
    try {
      // Recorded collateral is past its next update: only a policy with much grace takes it.
      const policy = join(folder, 'policy.json')
      writeFileSync(policy, JSON.stringify({ extends: 'production', graceDays: 3_650 }))
      return await shared(policy, say)
    } finally {
      rmSync(folder, { recursive: true })
    }
  },
}

async function shared(policy: string, say: (text: string) => void) {
  const env = { BRUME_ATTESTATION_POLICY: policy, BRUME_ATTESTATION_TPM: 'none' }
  await using fleet = new DaemonFleet({ env })
  const [first, second] = await fleet.startMany(2)
  if (first === undefined || second === undefined) throw new Error('no daemon')
  await fleet.formMesh()
  await imported(first.api, BUNDLE)
  const told = await awaited(second, 4)
  say(`the other device has ${told} items`)
  await second.stop()
  const again = await fleet.start('d2')
  const kept = (await listed(again.api)).length
  say(`after its restart ${kept}`)
  const third = await fleet.start('d3')
  const { code } = await first.api.post<{ code: string }>('/v1/mesh/invites', { uses: 1 })
  await third.api.post('/v1/mesh/join', { code })
  const late = await awaited(third, 4)
  say(`one that came later has ${late}`)
  const refused = await imported(first.api, OLDER).then(() => 'taken', codeOf)
  say(`the identity of 2023 at a device that has that of 2025: ${refused}`)
  return {
    met: `${told} ${kept} ${late} ${refused}` === '4 4 4 COLLATERAL_OLDER',
    figure: `${told} told, ${kept} after a restart, ${late} at a newcomer; the older one: ${refused}`,
  }
}

async function imported(api: ApiClient, file: string): Promise<void> {
  const content = readFileSync(vectorPath(file)).toString('base64')
  const bundle = JSON.parse(readFileSync(vectorPath(BUNDLE), 'utf8')) as Record<string, string>
  await api.post(PATH, { content, issuerChain: bundle['qe_identity_issuer_chain'] })
}

async function listed(api: ApiClient): Promise<CollateralList['collateral']> {
  return (await api.get<CollateralList>(PATH)).collateral
}

function awaited({ name, api }: TestDaemon, count: number): Promise<number> {
  return until(`${name} has ${count} items`, TOLD_MS_MAX, async () => {
    const { length } = await listed(api)
    return length >= count ? length : undefined
  })
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error)
}
