/**
 * Our verifiers beside those of other people, on the same good evidence. They are no judges of bad evidence.
 *
 * @module
 */

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { shippedAnchors, TEST_POLICY, verifyEvidence } from '../../attestation/index.ts'
import { fromHex } from '../../core/bytes.ts'
import { vector, vectorPath, vectorsAtHand } from '../../test/fixtures/attestation-vectors.ts'
import {
  COLLATERAL_NOW_MS,
  collateralFile,
  collateralOf,
} from '../../test/fixtures/dcap-vectors.ts'
import type { Claim } from '../claim.ts'

const FOLDER = resolve(import.meta.dirname, '../../test/differential')
/** Packages that stand in a lockfile of their own: no import of Brume. */
const DCAP_PACKAGE = '@phala/dcap-qvl'
const APPLE_PACKAGE = 'node-app-attest'
const HOWTO = 'npm ci --prefix test/differential --ignore-scripts'
const APPLE = {
  bundleIdentifier: 'io.uebelacker.AppAttestExample',
  teamIdentifier: 'V8H6LQ9448',
}

/** The part of @phala/dcap-qvl that is used. */
interface Qvl {
  verify(
    quote: Uint8Array,
    collateral: object,
    nowS: number,
  ): { readonly status: string; readonly advisory_ids: readonly string[] }
}

/** The part of node-app-attest that is used. */
interface AppAttest {
  verifyAttestation(init: object): { readonly keyId: string; readonly environment: string }
}

export const claim: Claim = {
  sentence: 'Our verifiers and those of others on npm come to the same on good evidence.',
  goal: '3 of 3 kinds agree: SGX and TDX with their level and advisories, App Attest with its environment',
  quick: true,
  run: async ({ say }) => {
    if (!vectorsAtHand) throw new Error('needs ../shared/vectors/attestation')
    if (!existsSync(resolve(FOLDER, 'node_modules'))) throw new Error(`needs: ${HOWTO}`)
    const theirs = createRequire(resolve(FOLDER, 'package.json'))
    const qvl = theirs(DCAP_PACKAGE) as Qvl
    const appAttest = (await import(pathToFileURL(theirs.resolve(APPLE_PACKAGE)).href)) as AppAttest
    const pairs = [
      ['sgx', ourDcap('sgx'), theirDcap(qvl, 'sgx')],
      ['tdx', ourDcap('tdx'), theirDcap(qvl, 'tdx')],
      ['apple', ourApple(), theirApple(appAttest)],
    ] as const
    for (const [kind, our, their] of pairs) say(`${kind}: ours ${our}; theirs ${their}`)
    const agreed = pairs.filter(([, our, their]) => our === their).length
    say(`an empty revocation list: ours ${ourDcap('tdx', '')}; theirs ${theirDcap(qvl, 'tdx', '')}`)
    return {
      met: agreed === pairs.length,
      figure: `${agreed} of ${pairs.length} kinds agree`,
    }
  },
}

const collateralPath = (kind: string): string => `${kind}/phala-${kind}_quote_collateral.json`
const quoteOf = (kind: string): Uint8Array => vector(`${kind}/phala-${kind}_quote`)

function ourDcap(kind: 'sgx' | 'tdx', pckCrl?: string): string {
  try {
    const file = collateralFile(collateralPath(kind))
    const claims = verifyEvidence(
      { kind, quote: quoteOf(kind) },
      {
        nowMs: COLLATERAL_NOW_MS,
        anchors: shippedAnchors(),
        policy: TEST_POLICY,
        binding: { type: 'unchecked' },
        collateral: {
          dcap: collateralOf(pckCrl === undefined ? file : { ...file, pck_crl: pckCrl }),
        },
        bank: 'sha256',
        activation: { type: 'unchecked' },
      },
    )
    if (claims.kind !== kind) return 'another kind'
    return `${claims.tcbStatus} ${claims.advisories.join(' ')}`
  } catch (error) {
    return (error as { readonly code?: string }).code ?? String(error)
  }
}

function theirDcap(qvl: Qvl, kind: 'sgx' | 'tdx', pckCrl?: string): string {
  const file = collateralFile(collateralPath(kind))
  const bytes = (hex: string): Buffer => Buffer.from(fromHex(hex) ?? new Uint8Array())
  const report = qvl.verify(
    quoteOf(kind),
    {
      ...file,
      root_ca_crl: bytes(file.root_ca_crl),
      pck_crl: bytes(pckCrl ?? file.pck_crl),
      tcb_info_signature: bytes(file.tcb_info_signature),
      qe_identity_signature: bytes(file.qe_identity_signature),
    },
    COLLATERAL_NOW_MS / 1000,
  )
  return `${report.status} ${report.advisory_ids.toSorted().join(' ')}`
}

interface AppleFile {
  readonly attestation: string
  readonly keyId: string
  readonly challenge: string
}

function appleFile(): AppleFile {
  const path = vectorPath('apple/node-app-attest-attestation-production.json')
  return JSON.parse(readFileSync(path, 'utf8')) as AppleFile
}

function ourApple(): string {
  const { attestation, keyId, challenge } = appleFile()
  const { bundleIdentifier, teamIdentifier } = APPLE
  const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))
  const apps = [`${teamIdentifier}.${bundleIdentifier}`]
  const claims = verifyEvidence(
    { kind: 'apple', attestation: bytes(attestation), keyId: bytes(keyId) },
    {
      nowMs: Date.parse('2024-02-07'),
      anchors: shippedAnchors(),
      policy: { ...TEST_POLICY, apple: { ...TEST_POLICY.apple, apps } },
      binding: { type: 'bytes', bytes: bytes(challenge) },
      collateral: {},
      bank: 'sha256',
      activation: { type: 'unchecked' },
    },
  )
  return claims.kind === 'apple' ? `${keyId} ${claims.environment}` : 'another kind'
}

function theirApple(appAttest: AppAttest): string {
  const { attestation, keyId, challenge } = appleFile()
  const found = appAttest.verifyAttestation({
    ...APPLE,
    attestation: Buffer.from(attestation, 'base64'),
    challenge: Buffer.from(challenge, 'base64'),
    keyId,
  })
  return `${found.keyId} ${found.environment}`
}
