/**
 * The recorded evidence, each with the question that it answers and the verdict that its source gives.
 *
 * @module
 */

import {
  type Binding,
  certificatesOfPem,
  type Evidence,
  type EvidenceContext,
  readStatusList,
  selfStatement,
  shippedAnchors,
  TEST_POLICY,
} from '../../attestation/index.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { vector } from '../../test/fixtures/attestation-vectors.ts'
import {
  COLLATERAL_NOW_MS,
  collateralFile,
  collateralOf,
} from '../../test/fixtures/dcap-vectors.ts'
import { recordedTpm } from '../../test/fixtures/tpm-vectors.ts'

export interface RecordedEvidence {
  readonly name: string
  readonly evidence: Evidence
  readonly context: EvidenceContext
  /** Parts of it by name, with how to put another in its place. */
  readonly parts: Readonly<Record<string, EvidencePart>>
}

export interface EvidencePart {
  readonly bytes: Uint8Array
  with(bytes: Uint8Array): Evidence
  /** True where a changed byte may be accepted, and why that harms nobody. */
  readonly free?: { readonly at: (offset: number) => boolean; readonly why: string }
}

const UNCHECKED: Binding = { type: 'unchecked' }

export function plainContext(nowMs: number, more: Partial<EvidenceContext> = {}): EvidenceContext {
  return {
    nowMs,
    anchors: shippedAnchors(),
    binding: UNCHECKED,
    collateral: {},
    policy: TEST_POLICY,
    bank: 'sha256',
    activation: { type: 'unchecked' },
    ...more,
  }
}

/** One of each kind, all of which hold. */
export function recordedEvidence(): readonly RecordedEvidence[] {
  return [self(), tpm(), snp(), dcap('sgx'), dcap('tdx'), nitro(), android(), apple()]
}

function self(): RecordedEvidence {
  const alice = device(1)
  const binding = new Uint8Array(32).fill(3)
  const statement = selfStatement(alice, { binding, version: '0.1.0', manifest: undefined })
  return {
    name: 'self',
    evidence: { kind: 'self', statement },
    context: plainContext(0, {
      binding: { type: 'bytes', bytes: binding },
      device: { attester: alice.peer, verify: nodeCrypto.verify, releaseKeys: [] },
    }),
    parts: {
      statement: { bytes: statement, with: (bytes) => ({ kind: 'self', statement: bytes }) },
    },
  }
}

function tpm(): RecordedEvidence {
  const { evidence, context } = recordedTpm('secureboot-on')
  const { selection, ...common } = context
  const policy = { ...TEST_POLICY, tpm: { ...TEST_POLICY.tpm, pcrs: selection } }
  const { endorsement, eventLog = new Uint8Array() } = evidence
  if (endorsement.type !== 'endorsement-key') throw new Error('the recorded TPM has an EK')
  const [certificate = new Uint8Array(), ...issuers] = endorsement.certificates
  const unsigned = unsignedLogBytes(eventLog, new Set(selection))
  return {
    name: 'tpm',
    evidence,
    context: { ...plainContext(context.nowMs), ...common, policy },
    parts: {
      attest: { bytes: evidence.attest, with: (attest) => ({ ...evidence, attest }) },
      signature: { bytes: evidence.signature, with: (signature) => ({ ...evidence, signature }) },
      akPublic: { bytes: evidence.akPublic, with: (akPublic) => ({ ...evidence, akPublic }) },
      ekPublic: {
        bytes: endorsement.ekPublic,
        with: (ekPublic) => ({ ...evidence, endorsement: { ...endorsement, ekPublic } }),
        free: {
          at: (offset) => offset < endorsement.ekPublic.length - 256,
          why: 'properties of the endorsement key: only its key counts, which the certificate names',
        },
      },
      certificate: {
        bytes: certificate,
        with: (bytes) => ({
          ...evidence,
          endorsement: { ...endorsement, certificates: [bytes, ...issuers] },
        }),
      },
      eventLog: {
        bytes: eventLog,
        with: (bytes) => ({ ...evidence, eventLog: bytes }),
        free: {
          at: (offset) => unsigned.has(offset),
          why: 'types, data and other banks of events outside register 7, and the header: nothing is read from them',
        },
      },
    },
  }
}

/** Offsets of a log that no signed register covers and from which nothing is concluded. */
function unsignedLogBytes(log: Uint8Array, quoted: ReadonlySet<number>): ReadonlySet<number> {
  const view = new DataView(log.buffer, log.byteOffset, log.length)
  const free = new Set<number>()
  const add = (start: number, length: number): void => {
    for (let at = start; at < start + length; at++) free.add(at)
  }
  const headerBytes = view.getUint32(28, true)
  add(0, 4)
  add(8, 20)
  add(32 + 16, headerBytes - 16)
  for (let at = 32 + headerBytes; at < log.length;) {
    const register = view.getUint32(at, true)
    const open = !quoted.has(register) || view.getUint32(at + 4, true) === 3
    const count = view.getUint32(at + 8, true)
    if (open) add(at, 4)
    if (register !== 7) add(at + 4, 4)
    at += 12
    for (let index = 0; index < count; index++) {
      const size = { 4: 20, 11: 32, 12: 48, 13: 64 }[view.getUint16(at, true)] ?? 0
      if (open || view.getUint16(at, true) !== 11) add(at + 2, size)
      at += 2 + size
    }
    const size = view.getUint32(at, true)
    if (open || register !== 7) add(at + 4, size)
    at += 4 + size
  }
  return free
}

function snp(): RecordedEvidence {
  const [report, vcek] = [vector('sev-snp/milan-report-v2.bin'), vector('sev-snp/milan-vcek.der')]
  return {
    name: 'sev-snp',
    evidence: { kind: 'sev-snp', report, certificates: [vcek] },
    context: plainContext(Date.parse('2025-06-01')),
    parts: {
      report: {
        bytes: report,
        with: (bytes) => ({ kind: 'sev-snp', report: bytes, certificates: [vcek] }),
      },
      certificate: {
        bytes: vcek,
        with: (bytes) => ({ kind: 'sev-snp', report, certificates: [bytes] }),
      },
    },
  }
}

function dcap(kind: 'sgx' | 'tdx'): RecordedEvidence {
  const quote = vector(`${kind}/phala-${kind}_quote`)
  const end = signatureEnd(quote)
  const collateral = collateralOf(collateralFile(`${kind}/phala-${kind}_quote_collateral.json`))
  return {
    name: kind,
    evidence: { kind, quote },
    context: plainContext(COLLATERAL_NOW_MS, { collateral: { dcap: collateral } }),
    parts: {
      quote: {
        bytes: quote,
        with: (bytes) => ({ kind, quote: bytes }),
        free: {
          at: (offset) => offset >= end || (quote[offset] ?? 0) <= 0x20,
          why: 'white space around certificates, and padding behind the quote',
        },
      },
    },
  }
}

/** Where the signature data of a quote of version 3 or 4 ends. */
function signatureEnd(quote: Uint8Array): number {
  const view = new DataView(quote.buffer, quote.byteOffset, quote.length)
  const body = view.getUint32(4, true) === 0x81 ? 584 : 384
  return 48 + body + 4 + view.getUint32(48 + body, true)
}

function nitro(): RecordedEvidence {
  const document = vector('nitro/blocky-nitro_attestation.bin')
  return {
    name: 'nitro',
    evidence: { kind: 'nitro', document },
    context: plainContext(Date.parse('2024-09-07T15:00:00Z'), {
      binding: { type: 'bytes', bytes: new Uint8Array(1024).fill(1) },
    }),
    parts: { document: { bytes: document, with: (bytes) => ({ kind: 'nitro', document: bytes }) } },
  }
}

function android(): RecordedEvidence {
  const pem = Buffer.from(vector('android/sony-xperia10-iii-sdk33-TEE_EC.pem')).toString()
  const chain = certificatesOfPem(pem, 8)
  const parts = chain
    .slice(0, -1)
    .map((bytes, index): readonly [string, EvidencePart] => [
      `certificate ${index}`,
      { bytes, with: (changed) => ({ kind: 'android', chain: chain.with(index, changed) }) },
    ])
  return {
    name: 'android',
    evidence: { kind: 'android', chain },
    context: plainContext(Date.parse('2026-11-20'), {
      binding: {
        type: 'bytes',
        bytes: Buffer.from('Pq/k1d0AkN5aQrQytCSBr1zimWNlayWExZpJLeFtAMk=', 'base64'),
      },
      collateral: {
        androidStatus: readStatusList(
          Buffer.from(vector('android/status-sample.json')).toString(),
          Date.parse('2026-11-20'),
        ),
      },
    }),
    parts: Object.fromEntries(parts),
  }
}

function apple(): RecordedEvidence {
  const file = JSON.parse(
    Buffer.from(vector('apple/node-app-attest-attestation-production.json')).toString(),
  ) as Readonly<Record<'attestation' | 'keyId' | 'challenge', string>>
  const decoded = (name: keyof typeof file): Uint8Array =>
    new Uint8Array(Buffer.from(file[name], 'base64'))
  const attestation = decoded('attestation')
  const keyId = decoded('keyId')
  const text = Buffer.from(attestation)
  const [receipt, authData] = [text.indexOf('greceipt'), text.indexOf('hauthData')]
  const apps = ['V8H6LQ9448.io.uebelacker.AppAttestExample']
  return {
    name: 'apple',
    evidence: { kind: 'apple', attestation, keyId },
    context: plainContext(Date.parse('2024-02-07'), {
      binding: { type: 'bytes', bytes: decoded('challenge') },
      policy: { ...TEST_POLICY, apple: { ...TEST_POLICY.apple, apps } },
    }),
    parts: {
      attestation: {
        bytes: attestation,
        with: (bytes) => ({ kind: 'apple', attestation: bytes, keyId }),
        free: {
          at: (offset) => offset > receipt && offset < authData,
          why: 'the receipt, which only Apple can read and nothing is concluded from',
        },
      },
    },
  }
}
